// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a node is told. */
final class PacingTest {
    private static final long LIMIT = 8 << 20;
    private static final long SECOND = 1_000_000_000L;
    private static final ClusterView VIEW = new ClusterView(
            ShardMap.EMPTY.with(
                    List.of(new NodeInfo(new NodeId("n1"), "n1", "n1", "eu", "a", true, 1L << 40)), List.of()),
            Map.of(),
            Map.of(),
            null);

    private static final PlannedStep COPYING = PlannedStep.newBuilder()
            .setPhase(PlanStepPhase.PLAN_STEP_PHASE_COPYING)
            .build();

    private final AtomicLong now = new AtomicLong();
    /** Paces that the node was told; 0: none. */
    private final List<Long> told = new CopyOnWriteArrayList<>();
    /** What the node says of its reads. */
    private volatile long p99Micros = 5_000;
    /** How long its last reads took; 0: as long as that. */
    private volatile long recentMicros;

    /** Whom the node was told to be in office last. */
    private volatile long epoch;

    private static final long READS = 200;

    private Server server;
    private ManagedChannel channel;
    private Pacing pacing;

    @BeforeEach
    void start() throws Exception {
        String name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .addService(new NodeReportsGrpc.NodeReportsImplBase() {
                    @Override
                    public void reportNode(ReportNodeRequest request, StreamObserver<ReportNodeResponse> out) {
                        told.add(request.getSnapshotBytesPerSecond());
                        epoch = request.getControllerEpoch();
                        out.onNext(ReportNodeResponse.newBuilder()
                                .setReadP99Micros(p99Micros)
                                .setRecentReads(READS)
                                .setRecentSlowReads(slow(request.getSlowReadMicros()))
                                .build());
                        out.onCompleted();
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
        pacing = new Pacing(new NodePolls(address -> channel, "cluster"), 4 * LIMIT, now::get);
    }

    private long slow(long slowMicros) {
        long micros = recentMicros > 0 ? recentMicros : p99Micros;
        return slowMicros > 0 && micros > slowMicros ? READS : 0;
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    private static List<StoredPlan> plan(PlanPhase phase) {
        return plan(phase, 0);
    }

    /** One that another controller has begun, with what that one noted of quiet times. */
    private static List<StoredPlan> takenOver(long quietMicros) {
        return plan(PlanPhase.PLAN_PHASE_RUNNING, quietMicros, COPYING);
    }

    private static List<StoredPlan> plan(PlanPhase phase, long quietMicros, PlannedStep... steps) {
        var record = PlanRecord.newBuilder()
                .setPhase(phase)
                .setBytesPerSecond(LIMIT)
                .setQuietReadP99Micros(quietMicros)
                .build();
        var part = PlanPart.newBuilder().addAllSteps(List.of(steps)).build();
        return List.of(new StoredPlan(new Versioned<>(record, 1), List.of(new Versioned<>(part, 1))));
    }

    @Test
    void whatNodesWereAllowedAddsUp() {
        pacing.look(VIEW, List.of());
        var plan = plan(PlanPhase.PLAN_PHASE_RUNNING);
        pacing.look(VIEW, plan);
        double before = pacing.allowed();
        p99Micros = 50_000;
        twoLooks(plan);
        assertThat(pacing.allowed() - before).as("four seconds at the limit").isEqualTo(4.0 * LIMIT);
        now.addAndGet(SECOND);
        assertThat(pacing.allowed() - before).as("and one at half of it").isEqualTo(4.5 * LIMIT);
    }

    @Test
    void aNodeKnowsThePaceOfAPlanBeforeItsFirstStepBegins() {
        pacing.look(VIEW, List.of());
        now.addAndGet(SECOND / 10); // it was asked just now
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));

        assertThat(told).containsExactly(0L, LIMIT);
        assertThat(pacing.rate()).isEqualTo(LIMIT);
    }

    @Test
    void itIsToldAgainEveryTwoSecondsWhatReadersBear() {
        pacing.look(VIEW, List.of());
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        p99Micros = 20_000;
        for (int i = 0; i < 6; i++) {
            now.addAndGet(SECOND);
            pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        }
        assertThat(told)
                .as("once for each two seconds, and at once where it is to be slower")
                .containsExactly(0L, LIMIT, LIMIT, LIMIT, LIMIT / 2, LIMIT / 2);
        assertThat(pacing.rate())
                .as("readers felt it twice in a row, and once since")
                .isEqualTo(LIMIT / 2);
        p99Micros = 5_000;
        quickReads();
        assertThat(pacing.rate())
                .as("until quick reads have made up for slow ones")
                .isEqualTo(LIMIT / 2);
        twoLooks(plan(PlanPhase.PLAN_PHASE_RUNNING));
        assertThat(pacing.rate()).as("an eighth of the limit more each time").isEqualTo(LIMIT / 2 + 2 * (LIMIT / 8));
    }

    /** As many looks without slow reads as make up for whatever there was. */
    private void quickReads() {
        for (int i = 0; i < 4; i++) {
            twoLooks(plan(PlanPhase.PLAN_PHASE_RUNNING));
        }
    }

    /** What is felt at one look only may be a lead that was handed over. */
    private void twoLooks(List<StoredPlan> plans) {
        for (int i = 0; i < 2; i++) {
            now.addAndGet(2 * SECOND);
            pacing.look(VIEW, plans);
        }
    }

    @Test
    void itGoesByWhatReadersFeelAtPresentAndNotByWhatTheyFeltBefore() {
        pacing.look(VIEW, List.of());
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        recentMicros = 20_000; // felt for two seconds, and over twenty not yet
        twoLooks(plan(PlanPhase.PLAN_PHASE_RUNNING));
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2);
        p99Micros = 20_000;
        recentMicros = 5_000; // the slower pace is not felt, though what was before it still counts over twenty
        quickReads();
        now.addAndGet(2 * SECOND);
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2 + LIMIT / 8);
    }

    @Test
    void aPlanThatWasTakenOverKeepsItsPaceUntilItIsKnownHowThatIsFelt() {
        p99Micros = 20_000;
        pacing.look(VIEW, takenOver(5_000));
        assertThat(told).containsExactly(0L, LIMIT / 2);
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2);
        assertThat(pacing.quietMicros()).isEqualTo(5_000);
        twoLooks(takenOver(5_000));
        assertThat(told).as("felt still").endsWith(LIMIT / 2, LIMIT / 4);
        assertThat(pacing.rate()).isEqualTo(LIMIT / 4);
    }

    /** Where controllers die every few seconds, each goes as fast as the first one went: nothing begins at the lowest pace. */
    @Test
    void whoTakesAPlanOverThatNobodyFeelsGoesAtItsLimitAtOnce() {
        p99Micros = 6_000;
        for (int controller = 0; controller < 5; controller++) {
            pacing.inOffice(controller);
            pacing.look(VIEW, takenOver(5_000));
            assertThat(pacing.rate()).isEqualTo(LIMIT);
            assertThat(epoch).as("by which nodes know who is in office").isEqualTo(controller);
        }
        assertThat(told).allMatch(rate -> rate == 0 || rate == LIMIT);
    }

    @Test
    void aPlanOfWhichNobodyNotedQuietTimesKeepsToItsLimit() {
        p99Micros = 90_000;
        for (int i = 0; i < 5; i++) {
            pacing.look(VIEW, takenOver(0));
            now.addAndGet(2 * SECOND);
        }
        assertThat(pacing.rate()).isEqualTo(LIMIT);
        assertThat(pacing.quietMicros())
                .as("what readers feel of a plan is not quiet")
                .isZero();
    }

    @Test
    void quietTimesLastUntilTheFirstStep() {
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING)); // there was no look before the plan
        assertThat(pacing.quietMicros()).isEqualTo(5_000);
        assertThat(told).containsExactly(0L, LIMIT);
        p99Micros = 20_000;
        twoLooks(plan(PlanPhase.PLAN_PHASE_RUNNING));
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2);
    }

    @Test
    void whatWasMeasuredInThisTermCountsMoreThanWhatAPlanSays() {
        pacing.look(VIEW, List.of());
        pacing.look(VIEW, takenOver(50_000));
        assertThat(pacing.quietMicros()).isEqualTo(5_000);
        pacing.inOffice(2);
        pacing.look(VIEW, takenOver(50_000));
        assertThat(pacing.quietMicros()).as("of another term nothing is known").isEqualTo(50_000);
    }

    @Test
    void whatIsUnderWayIsPacedWhileItsPlanIsPaused() {
        pacing.look(VIEW, List.of());
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_PAUSED, 0, COPYING));
        p99Micros = 20_000;
        twoLooks(plan(PlanPhase.PLAN_PHASE_PAUSED, 0, COPYING));
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2);
        assertThat(pacing.quietMicros()).isEqualTo(5_000);
    }

    @Test
    void whatReadersFeltOfAPlanIsNotTakenForQuietTimes() {
        pacing.look(VIEW, List.of());
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        p99Micros = 100_000;
        now.addAndGet(SECOND);
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_RUNNING));
        for (int i = 0; i < 2; i++) {
            pacing.look(VIEW, List.of());
            now.addAndGet(10 * SECOND - 1);
        }
        p99Micros = 9_000; // more than 1.7 times what quiet times were
        twoLooks(plan(PlanPhase.PLAN_PHASE_RUNNING));
        assertThat(pacing.rate()).isEqualTo(LIMIT / 2);
    }

    @Test
    void whileAPlanIsPausedNodesAreAskedSeldom() {
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_PAUSED));
        now.addAndGet(9 * SECOND);
        pacing.look(VIEW, plan(PlanPhase.PLAN_PHASE_PAUSED));
        assertThat(told).containsExactly(0L);
    }
}
