// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.status.ClusterStatus.MoveLine;
import io.tintype.coordinator.status.ClusterStatus.PlanLine;
import io.tintype.coordinator.users.MoveWatch;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveState;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.User;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StatusViewTest {
    @Test
    void aPlanIsShownWithHowFarItIsAndWhenItEnds() {
        var told = GetPlanResponse.newBuilder()
                .setPlan(Plan.newBuilder()
                        .setId("1f0c33a9be02")
                        .setTitle("drain node2")
                        .setState(PlanState.PLAN_STATE_RUNNING)
                        .setStepCount(7)
                        .setDone(3)
                        .setNotDone(1)
                        .setBytes(900)
                        .setMovedBytes(400))
                .setSecondsLeft(-1)
                .build();
        assertThat(StatusView.line(told))
                .isEqualTo(new PlanLine("1f0c33a9be02", "drain node2", "RUNNING", 4, 7, 400, 900, -1));
    }

    @Test
    void aMoveIsShownWithHowFarItIsAndWhenItEndsButNotWhose() {
        var copying = Move.newBuilder()
                .setUser(User.newBuilder()
                        .setId("ann@example.org")
                        .setRegion("eu")
                        .setTier("free")
                        .setShard(3))
                .setState(MoveState.MOVE_STATE_COPYING)
                .setToShard(7)
                .setToRegion("eu")
                .setToTier("paid")
                .setSinceMs(99)
                .setBlobsTotal(10)
                .setBlobsDone(4)
                .setBytesTotal(1_000)
                .setBytesDone(400)
                .setBytesPerSecond(100)
                .build();
        var waiting = copying.toBuilder()
                .setState(MoveState.MOVE_STATE_WAITING)
                .clearBytesPerSecond()
                .build();
        var shown = StatusView.lines(new MoveWatch.Seen(12, true, List.of(copying, waiting)));
        assertThat(shown.known()).isTrue();
        assertThat(shown.underWay()).isEqualTo(12);
        assertThat(shown.more()).isTrue();
        assertThat(shown.oldest())
                .containsExactly(
                        new MoveLine(3, "eu.free", 7, "eu.paid", "copying", 99, 4, 10, 400, 1_000, 7),
                        new MoveLine(3, "eu.free", 7, "eu.paid", "waiting", 99, 4, 10, 400, 1_000, -1));
        assertThat(shown.toString()).doesNotContain("ann");
    }
}
