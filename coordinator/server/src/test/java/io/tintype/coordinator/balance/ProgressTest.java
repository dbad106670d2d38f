// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.v1.GetPlanResponse;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How a plan goes by the clock of whoever tells it, which is not that of whoever began it. */
final class ProgressTest {
    private static final long MIB = 1 << 20;
    private static final long NOW_MS = 10_000_000;

    private final AtomicLong now = new AtomicLong(NOW_MS);
    private final NodePolls polls = new NodePolls(
            address -> {
                throw new IllegalStateException("nobody is to be asked, and " + address + " was");
            },
            "cluster");
    private final Progress progress = new Progress(() -> ClusterView.EMPTY, polls, BalanceSettings.DEFAULTS, now::get);

    @Test
    void itsPaceIsThatSinceItsBeginning() {
        assertThat(tell(NOW_MS - 10_000, 50 * MIB).getBytesPerSecondNow()).isEqualTo(5 * MIB);
    }

    /** By a clock that is an hour ahead. */
    @Test
    void aPlanThatBeginsLaterThanNowHasThePaceThatIsSeen() {
        long later = NOW_MS + 3_600_000;
        assertThat(tell(later, 50 * MIB).getBytesPerSecondNow())
                .as("nobody can say yet")
                .isZero();
        now.addAndGet(2_000);
        assertThat(tell(later, 52 * MIB).getBytesPerSecondNow()).isEqualTo(MIB);
    }

    /** Of a plan that copies a shard to n4, of which so much has come. */
    private GetPlanResponse tell(long startedMs, long come) {
        var copying = ToyController.move(1, "n1", "n4").toBuilder()
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_COPYING)
                .setBytes(100 * MIB)
                .build();
        var record = Offices.record("0123456789ab", PlanPurpose.PLAN_PURPOSE_BALANCE, 1, 1).toBuilder()
                .setPhase(PlanPhase.PLAN_PHASE_RUNNING)
                .setStartedAtMs(startedMs)
                .setBytesPerSecond(8 * MIB)
                .build();
        var part = PlanPart.newBuilder().setFormat(1).addSteps(copying).build();
        polls.put(
                new NodeId("n4"),
                ReportNodeResponse.newBuilder()
                        .addReplicas(ReplicaReport.newBuilder().setShard(1).setInstalledBytes(come))
                        .build());
        return progress.tell(
                new StoredPlan(new Versioned<>(record, 1), List.of(new Versioned<>(part, 0))), 10, 0, CopyPaces.NONE);
    }
}
