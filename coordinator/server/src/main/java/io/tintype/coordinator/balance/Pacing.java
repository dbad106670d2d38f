// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks nodes how they fare, and tells them how fast replicas may move: before a plan's first step begins, every 2 s while
 * something moves, and seldom else. What quiet times are like stands in a plan's record ({@link #quietMicros}), so that a controller
 * that takes the plan over knows it too. Confined to the balancer's thread but for {@link #rate}; blocks for some seconds at most.
 */
final class Pacing {
    private static final Logger log = LoggerFactory.getLogger(Pacing.class);

    private static final long MOVING_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long WAIT_S = 3;
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What nodes say of their reads covers so much: what they say earlier after a move is not of quiet times. */
    private static final long QUIET_AFTER_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final NodePolls polls;
    private final long ownLimit;
    private final LongSupplier nanoTime;
    private Throttle throttle;
    /** Of the term of office, by which nodes know who is in office. */
    private long epoch;

    private long askedAt;
    private boolean moving;
    private long movedAt;
    /** What the last round told nodes. */
    private volatile long rate;
    /** Bytes that could have come to a node until the rate was set. */
    private double allowed;

    private long setAt;

    Pacing(NodePolls polls, long bytesPerSecond, LongSupplier nanoTime) {
        this.polls = polls;
        this.ownLimit = bytesPerSecond;
        this.throttle = new Throttle(bytesPerSecond);
        this.rate = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.setAt = nanoTime.getAsLong();
        this.askedAt = nanoTime.getAsLong() - IDLE_NANOS;
        this.movedAt = nanoTime.getAsLong() - QUIET_AFTER_NANOS;
    }

    /** Bytes a second that a node may move now. From any thread. */
    long rate() {
        return rate;
    }

    /** Bytes that could have come to a node since this was made, at the paces that nodes were told. */
    double allowed() {
        return allowed + rate * ((nanoTime.getAsLong() - setAt) / SECOND_NANOS);
    }

    private void set(long bytesPerSecond) {
        allowed = allowed();
        setAt = nanoTime.getAsLong();
        rate = bytesPerSecond;
    }

    /** What readers feel in quiet times, as far as it was measured here or a plan's record says; 0: nobody knows. */
    long quietMicros() {
        return throttle.quietMicros();
    }

    /** A term of office begins: what an earlier one knew may have changed since, and plans may be under way. */
    void inOffice(long won) {
        epoch = won;
        throttle = new Throttle(ownLimit);
        moving = false;
    }

    /** Looks whether it is time to ask; {@code plans} are those being carried out, before anything is done for them. */
    void look(ClusterView view, List<StoredPlan> plans) {
        boolean moves = plans.stream().anyMatch(Pacing::moves);
        boolean begins = moves && !moving;
        if (begins && throttle.quietMicros() == 0) {
            learn(view, plans);
        }
        moving = moves;
        long now = nanoTime.getAsLong();
        movedAt = moving ? now : movedAt;
        if (begins || now - askedAt >= (moving ? MOVING_NANOS : IDLE_NANOS)) {
            askedAt = now;
            ask(view, plans, begins && isBegun(plans));
        }
    }

    /** What is under way goes on while a plan is paused. */
    private static boolean moves(StoredPlan plan) {
        var phase = plan.record().value().getPhase();
        return phase == PlanPhase.PLAN_PHASE_RUNNING
                || phase == PlanPhase.PLAN_PHASE_CANCELLING
                || plan.steps().stream().anyMatch(PlanSteps::isUnderWay);
    }

    private static boolean isBegun(List<StoredPlan> plans) {
        return plans.stream()
                .flatMap(plan -> plan.steps().stream())
                .anyMatch(step -> step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_WAITING);
    }

    /** What quiet times are like, where it was never measured here: they last until the first step, and then a plan says it. */
    private void learn(ClusterView view, List<StoredPlan> plans) {
        plans.stream()
                .map(plan -> plan.record().value())
                .mapToLong(PlanRecord::getQuietReadP99Micros)
                .filter(micros -> micros > 0)
                .min()
                .ifPresent(throttle::quietWas);
        if (throttle.quietMicros() == 0 && !isBegun(plans)) {
            round(view, 0);
            felt(view, plans);
        }
    }

    private void ask(ClusterView view, List<StoredPlan> plans, boolean takenOver) {
        plans.stream()
                .map(plan -> plan.record().value())
                .mapToLong(PlanRecord::getBytesPerSecond)
                .filter(limit -> limit > 0)
                .min()
                .ifPresent(throttle::limit);
        // Where steps are under way, nodes keep the pace of the controller before until it is known how that is felt.
        long told = moving && !takenOver ? throttle.rate() : 0;
        round(view, told);
        felt(view, plans);
        if (takenOver || throttle.rate() < told) { // readers do not wait for a slower pace until the next look
            round(view, throttle.rate());
        }
    }

    private void round(ClusterView view, long bytesPerSecond) {
        try {
            polls.slowReads(throttle.slowMicros());
            polls.round(view, bytesPerSecond, epoch).get(WAIT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) { // whoever did not answer is not heard
            log.debug("not all nodes reported", e);
        }
    }

    private void felt(ClusterView view, List<StoredPlan> plans) {
        if (moving) {
            var touched = touched(plans);
            long reads = 0;
            long slow = 0;
            for (var report : reports(view, touched)) {
                reads += report.getRecentReads();
                slow += report.getRecentSlowReads();
            }
            throttle.moved(reads, slow);
        } else if (nanoTime.getAsLong() - movedAt >= QUIET_AFTER_NANOS) {
            throttle.rested(reports(view, Set.of()).stream()
                    .mapToLong(ReportNodeResponse::getReadP99Micros)
                    .max()
                    .orElse(0));
        } else {
            throttle.rested(0);
        }
        set(throttle.rate());
    }

    /** What these nodes said last; all of them where none are named. */
    private List<ReportNodeResponse> reports(ClusterView view, Set<String> nodes) {
        return view.map()
                .nodes()
                .map(NodeInfo::id)
                .filter(node -> nodes.isEmpty() || nodes.contains(node.value()))
                .map(polls::report)
                .flatMap(Optional::stream)
                .toList();
    }

    /** The nodes that hold what is copied now, or take it in. */
    private static Set<String> touched(List<StoredPlan> plans) {
        var touched = new HashSet<String>();
        plans.stream()
                .flatMap(plan -> plan.steps().stream())
                .filter(PlanSteps::isUnderWay)
                .forEach(step -> {
                    touched.addAll(step.getBaseList());
                    if (!step.getTo().isEmpty()) {
                        touched.add(step.getTo());
                    }
                });
        return touched;
    }
}
