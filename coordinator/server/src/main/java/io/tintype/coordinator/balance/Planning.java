// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.placement.plan.Plan;
import io.tintype.cluster.placement.plan.PlanInput;
import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.cluster.placement.plan.PlanTime;
import io.tintype.cluster.placement.plan.Planner;
import io.tintype.cluster.placement.plan.Sources;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes plans, and keeps them: for operators and for the controller itself. Thread-safe; planning takes the caller's thread for some
 * seconds on a large cluster, the rest never blocks.
 */
final class Planning {
    private final Supplier<ClusterView> view;
    private final NodePolls polls;
    private final Absences absences;
    private final BalanceSettings settings;
    private final PlanZnodes plans;
    private final PaceHistory history;
    private final LongSupplier nowMs;
    private final PlanStarts starts;

    Planning(
            Supplier<ClusterView> view,
            NodePolls polls,
            Absences absences,
            BalanceSettings settings,
            PlanZnodes plans,
            PaceHistory history,
            LongSupplier nowMs) {
        this.view = view;
        this.polls = polls;
        this.absences = absences;
        this.settings = settings;
        this.plans = plans;
        this.history = history;
        this.nowMs = nowMs;
        this.starts = new PlanStarts(view, plans, nowMs);
    }

    /**
     * What to plan.
     *
     * @param onlyWhatMust whether only what must move does
     * @param drain a node to plan as if it were to be drained
     * @param movesAtOnce shards worked on at once, as many as the settings allow
     * @param bytesPerSecond what a node sends, and takes in, likewise
     */
    record Wish(boolean onlyWhatMust, Optional<NodeId> drain, int movesAtOnce, long bytesPerSecond) {
        /** Checks; throws {@link TintypeException} INVALID_ARGUMENT, which names the field and its limits. */
        Wish {
            if (movesAtOnce < 1 || movesAtOnce > BalanceSettings.MAX_MOVES_AT_ONCE) {
                throw illegal(
                        "moves_at_once is " + Integer.toUnsignedString(movesAtOnce),
                        "1 to " + BalanceSettings.MAX_MOVES_AT_ONCE);
            }
            if (bytesPerSecond < BalanceSettings.MIN_BYTES_PER_SECOND) {
                throw illegal(
                        "bytes_per_second is " + Long.toUnsignedString(bytesPerSecond),
                        BalanceSettings.MIN_BYTES_PER_SECOND + " (1 MiB) to " + Long.MAX_VALUE);
            }
        }

        private static TintypeException illegal(String what, String legal) {
            return new TintypeException(
                    Reason.INVALID_ARGUMENT, what + "; give " + legal + ", or 0 for the cluster's setting");
        }
    }

    /**
     * A plan, what it is kept as once it is, and what its time was reckoned by. Immutable.
     *
     * @param plan the plan
     * @param record the plan as it is kept
     * @param paces what copies reach
     * @param leftByReaders part of the limit that readers leave to copies
     */
    record Made(Plan plan, PlanRecord record, CopyPaces paces, double leftByReaders) {
        /** Bytes a second that copies are thought to be allowed. */
        double allowed() {
            return record.getBytesPerSecond() * leftByReaders;
        }
    }

    /** The wish with the cluster's settings where it has none. */
    Wish wish(boolean onlyWhatMust, Optional<NodeId> drain, int movesAtOnce, long bytesPerSecond) {
        return new Wish(
                onlyWhatMust,
                drain,
                movesAtOnce == 0 ? settings.movesAtOnce() : movesAtOnce,
                bytesPerSecond == 0 ? settings.bytesPerSecond() : bytesPerSecond);
    }

    /**
     * Refuses to drain a node that is down and not given up yet: nothing can be moved off it, and a plan would have nothing to do,
     * as if it held nothing.
     */
    void requireThere(NodeId node) {
        var now = view.get();
        boolean there = now.map().node(node).map(NodeInfo::live).orElse(false);
        long holds = now.assignments().values().stream()
                .filter(assignment -> PlanInputs.voters(assignment).anyMatch(node::equals))
                .count();
        if (there || holds == 0 || absences.isGone(now, node, settings.replaceAfter())) {
            return;
        }
        String replaced = settings.replaceAfter().isZero()
                ? "Nodes are never replaced here: control.balance.replaceAfter is 0."
                : now.intent(node).getMaintenance()
                        ? "Or end its maintenance, tintype node maintenance " + node
                                + " off: then it is replaced as any" + " node that is away."
                        : "Or wait: what it holds is made anew on others once it has been away for "
                                + settings.replaceAfter().toSeconds() + " s.";
        throw refused("Node " + node + " is down, and keeps replicas of " + holds
                + " shards, which nobody can move off it. Start it, and drain it then. " + replaced);
    }

    /** What copies reached lately; never fails. */
    CompletableFuture<CopyPaces> paces() {
        return history.now();
    }

    /** Makes a plan; nothing is kept. */
    Made make(Wish wish, PlanPurpose purpose, String title, CopyPaces paces) {
        var now = view.get();
        var rules = wish.onlyWhatMust() ? settings.rules().onlyWhatMust() : settings.rules();
        PlanInput input = PlanInputs.of(now, polls, absences, settings, rules, wish.drain());
        var found = Planner.plan(input);
        double left = somebodyReads(now) ? paces.leftByReaders() : 1;
        double allowed = wish.bytesPerSecond() * left;
        var copied = schedule(found, now, wish, allowed, paces).copied();
        var growth = PlanInputs.growth(now, polls);
        var plan = found.withBytes(i -> grown(found.steps().get(i), growth, copied.get(i)));
        double seconds = schedule(plan, now, wish, allowed, paces).seconds();
        var record = PlanRecord.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setId(plan.hash())
                .setPurpose(purpose)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setTitle(PlanSteps.shortened(title))
                .setCreatedAtMs(nowMs.getAsLong())
                .setSteps(plan.steps().size())
                .setBytes(plan.bytes())
                .setExpectedSeconds((long) Math.ceil(seconds))
                .setMovesAtOnce(wish.movesAtOnce())
                .setBytesPerSecond(wish.bytesPerSecond())
                .build();
        return new Made(plan, record, paces, left);
    }

    private boolean somebodyReads(ClusterView now) {
        return now.map()
                .nodes()
                .map(node -> polls.report(node.id()))
                .flatMap(Optional::stream)
                .anyMatch(report -> report.getReadP99Micros() > 0);
    }

    private static PlanTime.Schedule schedule(Plan plan, ClusterView view, Wish wish, double allowed, CopyPaces paces) {
        var sources = new Sources(shard -> primary(view, shard));
        var works = new ArrayList<PlanTime.Work>();
        for (var step : plan.steps()) {
            works.add(PlanTime.work(step, sources.next(step), paces, allowed));
        }
        return PlanTime.schedule(works, wish.movesAtOnce(), allowed, paces);
    }

    /** What has travelled when a copy is made: what is written until then, too. */
    static long grown(PlanStep step, Map<ShardId, Growth> growth, double copied) {
        return step.bytes() == 0
                ? 0
                : growth.getOrDefault(step.shard(), Growth.NONE).after(copied, step.bytes());
    }

    private static @Nullable NodeId primary(ClusterView view, ShardId shard) {
        return view.map().shard(shard).flatMap(ShardInfo::primary).orElse(null);
    }

    /** What has plans carried out that are kept. */
    PlanStarts starts() {
        return starts;
    }

    /** Keeps a plan that has steps; returns the id it is kept under. */
    CompletableFuture<String> keep(Made made) {
        return plans.propose(
                made.record(),
                made.plan().steps().stream().map(PlanSteps::record).toList());
    }

    static TintypeException refused(String message) {
        return new TintypeException(Reason.WRONG_STATE, message);
    }
}
