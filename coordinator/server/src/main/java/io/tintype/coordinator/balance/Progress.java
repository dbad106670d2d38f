// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.placement.plan.PlanTime;
import io.tintype.cluster.placement.plan.PlanTime.Turn;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.v1.GetPlanResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How a plan goes, by what is written and what nodes say: bytes that have come, the pace of the last half minute, and the
 * time left by what this plan and those before it reached. Says that nobody can tell rather than a figure that is wrong. Thread-safe.
 */
final class Progress {
    private static final long WINDOW_MS = 30_000;
    private static final long STANDS_MS = 15_000;
    private static final int PLANS = 16;
    private static final double SECOND_MS = 1_000;

    private record Mark(long atMs, long bytes) {}

    private final Supplier<ClusterView> view;
    private final NodePolls polls;
    private final BalanceSettings settings;
    private final Map<String, Deque<Mark>> marks = new HashMap<>();
    private final LongSupplier nowMs;
    private volatile long throttle;

    Progress(Supplier<ClusterView> view, NodePolls polls, BalanceSettings settings, LongSupplier nowMs) {
        this.view = view;
        this.polls = polls;
        this.settings = settings;
        this.nowMs = nowMs;
    }

    void throttled(long bytesPerSecond) {
        throttle = bytesPerSecond;
    }

    /**
     * How a plan goes.
     *
     * @param maxSteps so many steps are told, as far as they fit into one message
     * @param shard only those of this one; 0: of all
     */
    GetPlanResponse tell(StoredPlan stored, int maxSteps, int shard, CopyPaces before) {
        var record = stored.record().value();
        var steps = stored.steps();
        var plan = Messages.plan(record, steps);
        long moved = steps.stream().mapToLong(this::come).sum();
        plan.setMovedBytes(record.getFinishedAtMs() == 0 ? moved : record.getMovedBytes());
        var now = view.get();
        var underWay = steps.stream().filter(PlanSteps::isUnderWay).toList();
        Messages.addSteps(
                plan,
                ordered(steps).stream()
                        .filter(step -> shard == 0 || step.getShard() == shard)
                        .limit(maxSteps)
                        .map(step -> Messages.step(step)
                                .setMovedBytes(come(step))
                                .setDetail(detail(step, now, underWay, record.getPhase()))
                                .build()));
        var answer = GetPlanResponse.newBuilder()
                .setPlan(plan)
                .setThrottleBytesPerSecond(throttle == 0 ? record.getBytesPerSecond() : throttle)
                .setHeldUp(heldUp(record.getPhase(), steps, now, underWay));
        if (record.getStartedAtMs() != 0 && record.getFinishedAtMs() == 0) {
            double rate = rate(record.getId(), record.getStartedAtMs(), moved);
            answer.setBytesPerSecondNow((long) rate).setSecondsLeft(left(stored, now, rate, underWay, before));
        }
        return answer.build();
    }

    /** Why nothing new is begun, where nothing is under way either; empty: nothing holds it up. */
    private String heldUp(PlanPhase phase, List<PlannedStep> steps, ClusterView now, List<PlannedStep> underWay) {
        if (phase == PlanPhase.PLAN_PHASE_PAUSED) {
            return "paused by an operator";
        }
        return phase == PlanPhase.PLAN_PHASE_RUNNING && underWay.isEmpty()
                ? steps.stream()
                        .filter(step -> !PlanSteps.isOver(step))
                        .map(step -> Readiness.waitsFor(step, now, polls, underWay, settings.headroomPercent() / 100.0))
                        .flatMap(Optional::stream)
                        .findFirst()
                        .orElse("")
                : "";
    }

    /** Seconds until a plan is done; -1: nobody can say, because nothing gets on. */
    private long left(StoredPlan stored, ClusterView now, double rate, List<PlannedStep> underWay, CopyPaces before) {
        var record = stored.record().value();
        var open =
                stored.steps().stream().filter(step -> !PlanSteps.isOver(step)).toList();
        boolean copies = open.stream().anyMatch(step -> step.getBytes() > come(step));
        boolean stands = record.getPhase() == PlanPhase.PLAN_PHASE_PAUSED
                || (!underWay.isEmpty()
                        && underWay.stream().allMatch(step -> copying(step, now).contains("waits for")))
                || (underWay.isEmpty()
                        && !open.isEmpty()
                        && open.stream()
                                .allMatch(step -> Readiness.waitsFor(
                                                step, now, polls, underWay, settings.headroomPercent() / 100.0)
                                        .isPresent()));
        if (stands || (copies && rate < 1 && isWatched(record.getId()))) {
            return -1;
        }
        double limit = throttle == 0 ? record.getBytesPerSecond() : throttle;
        var paces = Measured.with(before, record, stored.steps());
        var works = ordered(open).stream()
                .map(step -> work(step, now, paces, limit))
                .toList();
        return (long)
                Math.ceil(PlanTime.seconds(works, Math.max(1, record.getMovesAtOnce()), Math.max(1, limit), paces));
    }

    private PlanTime.Work work(PlannedStep step, ClusterView now, CopyPaces paces, double limit) {
        double rest = paces.rest().seconds(step.getBytes(), limit);
        return switch (step.getPhase()) {
            case PLAN_STEP_PHASE_LEAVING, PLAN_STEP_PHASE_REVERTING ->
                new PlanTime.Work(Turn.UNDER_WAY, step.getShard(), null, null, 0, rest / 4);
            default ->
                step.getKind() == PlanStepKind.PLAN_STEP_KIND_LEAD
                        ? new PlanTime.Work(Turn.WHERE_NOTHING_COMES, step.getShard(), null, null, 0, 0)
                        : new PlanTime.Work(
                                PlanSteps.turn(step),
                                step.getShard(),
                                now.map()
                                        .shard(new ShardId(step.getShard()))
                                        .flatMap(ShardInfo::primary)
                                        .orElse(null),
                                step.getTo().isEmpty() ? null : new NodeId(step.getTo()),
                                Math.max(0, step.getBytes() - come(step)),
                                rest);
        };
    }

    /** Whether somebody asked for so long that a pace of nothing tells something. */
    private synchronized boolean isWatched(String id) {
        var known = marks.get(id);
        var first = known == null ? null : known.peekFirst();
        return first != null && nowMs.getAsLong() - first.atMs() > STANDS_MS;
    }

    /** Those under way first, then what comes next, then what is over. */
    private static List<PlannedStep> ordered(List<PlannedStep> steps) {
        var sorted = new ArrayList<>(steps);
        sorted.sort(Comparator.comparingInt(step -> PlanSteps.isUnderWay(step) ? 0 : PlanSteps.isOver(step) ? 2 : 1));
        return sorted;
    }

    /** Bytes of a step that are at their target. */
    private long come(PlannedStep step) {
        if (step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_COPYING) {
            return step.getMovedBytes();
        }
        boolean joined = view.get()
                .map()
                .shard(new ShardId(step.getShard()))
                .map(ShardInfo::inSync)
                .filter(members -> members.contains(new NodeId(step.getTo())))
                .isPresent();
        return joined
                ? step.getBytes()
                : Math.min(
                        step.getBytes(),
                        polls.replica(new NodeId(step.getTo()), step.getShard())
                                .map(ReplicaReport::getInstalledBytes)
                                .orElse(0L));
    }

    private String detail(PlannedStep step, ClusterView now, List<PlannedStep> underWay, PlanPhase phase) {
        if (PlanSteps.isOver(step)) {
            return step.getDetail();
        }
        return switch (step.getPhase()) {
            case PLAN_STEP_PHASE_WAITING ->
                phase == PlanPhase.PLAN_PHASE_PROPOSED
                        ? ""
                        : Readiness.waitsFor(step, now, polls, underWay, settings.headroomPercent() / 100.0)
                                .orElseGet(
                                        () -> underWay.stream().anyMatch(other -> other.getShard() == step.getShard())
                                                ? "waits for another step of the shard"
                                                : "waits for its turn");
            case PLAN_STEP_PHASE_COPYING -> copying(step, now);
            case PLAN_STEP_PHASE_LEAVING -> "leaving " + step.getFrom();
            case PLAN_STEP_PHASE_REVERTING -> "being taken back: " + step.getDetail();
            default -> step.getDetail();
        };
    }

    private String copying(PlannedStep step, ClusterView now) {
        var joined = now.map()
                .shard(new ShardId(step.getShard()))
                .filter(shard -> shard.inSync().contains(new NodeId(step.getTo())));
        return joined.isEmpty()
                ? "copying"
                : joined.filter(shard -> step.getKind() == PlanStepKind.PLAN_STEP_KIND_MOVE)
                        .flatMap(shard -> Readiness.dropWaitsFor(step, now, shard))
                        .map(waits -> "in sync; " + waits)
                        .orElse("in sync; being verified");
    }

    /** Bytes a second over the last half minute, or, without a mark that old, since the start. */
    private synchronized double rate(String id, long startedMs, long moved) {
        long now = nowMs.getAsLong();
        if (marks.size() > PLANS && !marks.containsKey(id)) {
            marks.clear();
        }
        // Begun later than now, by another one's clock: nobody can say when.
        var begun = startedMs < now ? new Mark(startedMs, 0) : new Mark(now, moved);
        var known = marks.computeIfAbsent(id, plan -> new ArrayDeque<>(List.of(begun)));
        while (known.size() > 1
                && known.peekFirst() != null
                && now - known.peekFirst().atMs() > WINDOW_MS) {
            known.removeFirst();
        }
        var first = known.peekFirst();
        known.addLast(new Mark(now, moved));
        if (known.size() > 1_000) {
            known.removeFirst();
        }
        return first == null || now - first.atMs() < SECOND_MS
                ? 0
                : Math.max(0, moved - first.bytes()) * SECOND_MS / (now - first.atMs());
    }
}
