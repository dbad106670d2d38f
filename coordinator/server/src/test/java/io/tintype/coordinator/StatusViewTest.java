// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.status.ClusterStatus.PlanLine;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
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
}
