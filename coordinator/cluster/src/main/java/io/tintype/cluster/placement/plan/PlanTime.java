// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long a plan should take. Pure.
 *
 * <p>Steps are begun as they are when a plan is carried out ({@link Turns}). Copies under way share what their sources send and what
 * their targets take in ({@link FairShares}), so two into one node end later rather than one after the other. Each step takes its time
 * besides: to begin, to join, to be verified, to leave.
 */
public final class PlanTime {
    /** What is left by rounding, in bytes and in seconds. */
    private static final double NOTHING_LEFT = 1e-3;

    private final List<Work> works;
    private final int atOnce;
    private final FairShares shares;
    private final Turns turns;
    private final List<Running> running = new ArrayList<>();
    private final Double[] copied;
    private double now;

    private PlanTime(List<Work> works, int atOnce, double limit, CopyPaces paces) {
        this.works = works;
        this.atOnce = atOnce;
        this.shares = new FairShares(limit, paces);
        this.turns = new Turns(works);
        this.copied = new Double[works.size()];
    }

    /** When a step is begun. */
    public enum Turn {
        /** It was. */
        UNDER_WAY,
        /** In its order, and what is behind it, too: a replica is missing, and the order goes by danger. */
        IN_ORDER,
        /** Before others whose target has something coming to it. */
        WHERE_NOTHING_COMES;

        /** Of a step that was not begun. */
        public static Turn ofWaiting(boolean addsReplica) {
            return addsReplica ? IN_ORDER : WHERE_NOTHING_COMES;
        }
    }

    /**
     * What is left of a step. Immutable.
     *
     * @param turn when it is begun
     * @param shard whose steps are made one after the other
     * @param fromOrNull whom it is copied from, the shard's primary; null: nobody
     * @param toOrNull whom it is copied to; null: nobody
     * @param bytes bytes that are to travel
     * @param restSeconds what it takes besides
     */
    public record Work(
            Turn turn,
            int shard,
            @Nullable NodeId fromOrNull,
            @Nullable NodeId toOrNull,
            long bytes,
            double restSeconds) {}

    /** A step that was not begun. */
    public static Work work(PlanStep step, @Nullable NodeId primary, CopyPaces paces, double limit) {
        return step.kind() == PlanStep.Kind.LEAD
                ? new Work(Turn.WHERE_NOTHING_COMES, step.shard().value(), null, null, 0, 0)
                : new Work(
                        Turn.ofWaiting(step.kind() == PlanStep.Kind.ADD),
                        step.shard().value(),
                        primary,
                        step.toOrNull(),
                        step.bytes(),
                        paces.rest().seconds(step.bytes(), limit));
    }

    /**
     * Seconds.
     *
     * @param works what is to be done, in order
     * @param atOnce steps at once
     * @param limit bytes a second that a node sends, and takes in, at most, with readers having taken their part
     * @param paces what copies reach
     */
    public static double seconds(List<Work> works, int atOnce, double limit, CopyPaces paces) {
        return schedule(works, atOnce, limit, paces).seconds();
    }

    /**
     * When what is copied. Immutable.
     *
     * @param copied when the last of each work's bytes has come, in seconds from the plan's beginning: what users write until
     *     then travels too
     * @param seconds when all is done
     */
    public record Schedule(List<Double> copied, double seconds) {
        public Schedule {
            copied = List.copyOf(copied);
        }
    }

    /** The same, with when each work is copied. */
    public static Schedule schedule(List<Work> works, int atOnce, double limit, CopyPaces paces) {
        var time = new PlanTime(works, atOnce, limit, paces);
        time.run();
        return new Schedule(List.of(time.copied), time.now);
    }

    /** A work under way. */
    private static final class Running {
        private final int work;
        private double bytes;
        private double rest;

        private Running(int work, double bytes, double rest) {
            this.work = work;
            this.bytes = bytes;
            this.rest = rest;
        }
    }

    private void run() {
        begin();
        while (!running.isEmpty()) {
            var copying = running.stream().filter(step -> step.bytes > 0).toList();
            var paces =
                    shares.of(copying.stream().map(step -> works.get(step.work)).toList());
            goOn(copying, paces);
            running.removeIf(this::isOver);
            begin();
        }
    }

    private void begin() {
        for (int next = turns.next(running.size() < atOnce); next >= 0; next = turns.next(running.size() < atOnce)) {
            var work = works.get(next);
            if (work.bytes() == 0) {
                copied[next] = now;
            }
            running.add(new Running(next, work.bytes(), work.restSeconds()));
        }
    }

    /** Until the next copy ends, or the next step does. */
    private void goOn(List<Running> copying, double[] paces) {
        double seconds = Double.MAX_VALUE;
        for (int i = 0; i < paces.length; i++) {
            seconds = Math.min(seconds, copying.get(i).bytes / paces[i]);
        }
        for (var step : running) {
            seconds = step.bytes > 0 ? seconds : Math.min(seconds, step.rest);
        }
        now += seconds;
        for (var step : running) {
            step.rest -= step.bytes > 0 ? 0 : seconds;
        }
        for (int i = 0; i < paces.length; i++) {
            var step = copying.get(i);
            step.bytes -= paces[i] * seconds;
            if (step.bytes < NOTHING_LEFT) {
                step.bytes = 0;
                copied[step.work] = now;
                turns.copied(step.work);
            }
        }
    }

    private boolean isOver(Running step) {
        boolean over = step.bytes == 0 && step.rest < NOTHING_LEFT;
        if (over) {
            turns.over(step.work);
        }
        return over;
    }
}
