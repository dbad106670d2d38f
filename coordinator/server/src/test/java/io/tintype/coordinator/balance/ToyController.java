// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A controller of {@link ToyNodes} that may die at one of its writes. Half a second passes with each of its looks. */
final class ToyController implements AutoCloseable {
    static final long LIMIT = 8 << 20;
    private static final int NEVER = Integer.MAX_VALUE;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    final Offices.Office office;
    final DyingJournal journal;
    final Pacing pacing;
    final PlanRunner runner;
    final boolean isImmortal;
    /** What its clock shows, in milliseconds since 1970; 0: what the machine's does. */
    long nowMs;

    private final ToyNodes nodes;
    private final NodePolls polls;
    private final Absences absences;
    private final AtomicLong nanos = new AtomicLong();
    private volatile List<Integer> shards = List.of();

    ToyController(Offices offices, ToyNodes nodes, int dieAt, boolean made) throws Exception {
        this(offices, nodes, dieAt, made, BalanceSettings.DEFAULTS.replaceAfter());
    }

    private ToyController(Offices offices, ToyNodes nodes, int dieAt, boolean made, Duration replaceAfter)
            throws Exception {
        this.nodes = nodes;
        this.isImmortal = dieAt == NEVER;
        this.office = offices.take();
        this.polls = new NodePolls(nodes, ToyNodes.CLUSTER);
        this.pacing = new Pacing(polls, LIMIT, nanos::get);
        this.journal = new DyingJournal(office.session(), dieAt, made);
        this.absences = new Absences(nanos::get);
        this.runner = Offices.runner(
                journal,
                polls,
                absences,
                replaceAfter,
                this::view,
                nodes,
                ToyNodes.CLUSTER,
                () -> nowMs == 0 ? System.currentTimeMillis() : nowMs);
    }

    static ToyController immortal(Offices offices, ToyNodes nodes) throws Exception {
        return new ToyController(offices, nodes, NEVER, false);
    }

    /** One that makes nothing anew, however long a node is away. */
    static ToyController neverReplacing(Offices offices, ToyNodes nodes) throws Exception {
        return new ToyController(offices, nodes, NEVER, false, Duration.ZERO);
    }

    /** Assigns new shards to the first three nodes. */
    List<Integer> shards(int first, int count) throws Exception {
        var made = new ArrayList<Integer>();
        for (int shard = first; shard < first + count; shard++) {
            made.add(shard);
            var assignment = Offices.assigned(shard, "n1", "n2", "n3");
            assertThat(ToyNodes.get(office.term().assign(List.of(assignment), null)))
                    .isEqualTo(Term.Outcome.DONE);
            nodes.first(assignment);
        }
        return made;
    }

    static PlannedStep move(int shard, String from, String to) {
        return step(PlanStepKind.PLAN_STEP_KIND_MOVE, shard, from, to);
    }

    /** A step of one of the {@link #shards}. */
    static PlannedStep step(PlanStepKind kind, int shard, String from, String to) {
        return PlannedStep.newBuilder()
                .setKind(kind)
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .setShard(shard)
                .setFrom(from)
                .setTo(to)
                .addAllBase(List.of("n1", "n2", "n3"))
                .build();
    }

    private ClusterView view() {
        try {
            return nodes.view(shards);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Looks until whoever is away now is gone for good. */
    void lookUntilGone(List<Integer> at) throws Journal.Interrupted {
        look(at);
        nanos.addAndGet(BalanceSettings.DEFAULTS.replaceAfter().toNanos());
        look(at);
    }

    void look(List<Integer> at) throws Journal.Interrupted {
        look(at, true);
    }

    private void look(List<Integer> at, boolean asksFirst) throws Journal.Interrupted {
        shards = at;
        nodes.report(polls);
        nanos.addAndGet(LOOK_NANOS);
        var plans = asksFirst ? journal.active(office.term()) : journal.active();
        absences.look(view());
        pacing.look(view(), plans);
        var unused = runner.look(office.term(), view(), plans, pacing.quietMicros());
    }

    /** It was only thought dead, and does not ask whether it is still in office: it goes on until a write is refused. */
    void mayNotWrite(List<Integer> at) {
        int before = journal.writes;
        journal.dieAt = NEVER;
        for (int looks = 0; looks < 3; looks++) { // a verdict may come between two of them
            try {
                look(at, false);
            } catch (Journal.Interrupted e) {
                assertThat(e.deposed).as("%s", e).isTrue();
            }
        }
        assertThat(journal.writes).as("writes of a deposed controller").isEqualTo(before);
    }

    @Override
    public void close() {
        office.close();
    }
}
