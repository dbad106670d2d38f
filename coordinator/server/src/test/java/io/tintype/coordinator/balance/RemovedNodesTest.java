// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard is assigned to a node that is removed at the same moment: nobody is registered who could be missed. */
final class RemovedNodesTest {
    private static final int SHARD = 1;
    private static final long DISK = 1L << 40;
    private static final PoolId POOL = PoolId.parse(ToyNodes.POOL);

    @TempDir
    private Path folder;

    private final AtomicLong nanos = new AtomicLong(TimeUnit.HOURS.toNanos(1));
    private final Absences absences = new Absences(nanos::get);
    private final NodePolls polls = new NodePolls(
            address -> {
                throw new AssertionError("nobody is asked, nor " + address);
            },
            "cluster");

    @Test
    void whatANodeShouldHaveThatIsNotRegisteredIsMadeAnew() throws Exception {
        try (var offices = Offices.open(folder);
                var office = offices.take()) {
            var plans = offices.plans();
            var planning = new Planning(
                    RemovedNodesTest::view,
                    polls,
                    absences,
                    BalanceSettings.DEFAULTS,
                    plans,
                    new PaceHistory(plans, nanos::get),
                    System::currentTimeMillis);
            var unasked = new SelfPlanning(polls, absences, BalanceSettings.DEFAULTS, planning, nanos::get);
            for (var node : List.of("n2", "n3", "n4")) {
                polls.put(new NodeId(node), says(node));
            }
            look(unasked, office);
            assertThat(active(offices)).as("it may register again").isEmpty();
            nanos.addAndGet(BalanceSettings.DEFAULTS.replaceAfter().toNanos());
            look(unasked, office);

            var plan = offices.plan(active(offices).get(0));
            assertThat(plan.record().value().getPurpose()).isEqualTo(PlanPurpose.PLAN_PURPOSE_REPAIR);
            assertThat(plan.record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
            assertThat(plan.steps()).singleElement().satisfies(step -> {
                assertThat(step.getKind()).isEqualTo(PlanStepKind.PLAN_STEP_KIND_MOVE);
                assertThat(step.getFrom()).isEqualTo("n1");
                assertThat(step.getTo()).isEqualTo("n4");
                assertThat(step.getBaseList()).containsExactly("n1", "n2", "n3");
            });
        }
    }

    /** A node that registers anew is there, and one that no shard needs any more is missed by nobody. */
    @Test
    void nobodyIsMissedWhoIsThereOrNotWanted() {
        absences.look(view());
        assertThat(absences.of(new NodeId("n1"))).isPresent();
        absences.look(with(Stream.of("n1", "n2", "n3", "n4")));
        assertThat(absences.of(new NodeId("n1"))).isEmpty();
        absences.look(view());
        absences.look(ClusterView.EMPTY);
        assertThat(absences.of(new NodeId("n1"))).isEmpty();
    }

    private void look(SelfPlanning unasked, Offices.Office office) throws Journal.Interrupted {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(6));
        absences.look(view());
        unasked.look(office.term(), view(), List.of());
    }

    private static List<String> active(Offices offices) throws Exception {
        return ToyNodes.get(offices.plans().active()).value().getActiveList();
    }

    private static ReportNodeResponse says(String node) {
        return ReportNodeResponse.newBuilder()
                .setNode(node)
                .setDiskBytes(DISK)
                .setFreeBytes(DISK)
                .build();
    }

    /** The shard lies on n2 and n3, and should lie on n1, too. */
    private static ClusterView view() {
        return with(Stream.of("n2", "n3", "n4"));
    }

    private static ClusterView with(Stream<String> registered) {
        var there = List.of(new NodeId("n2"), new NodeId("n3"));
        var nodes = registered
                .map(id -> new NodeInfo(new NodeId(id), id, id, "eu", "a", true, DISK))
                .toList();
        var shard = new ShardInfo(new ShardId(SHARD), false, POOL, 1, there.get(0), there, there, 1);
        return new ClusterView(
                ShardMap.of(nodes, List.of(shard)),
                Map.of(POOL, new PoolRules(POOL, 3, 2, 100, 1)),
                Map.of(new ShardId(SHARD), Offices.assigned(SHARD, "n1", "n2", "n3")),
                null);
    }
}
