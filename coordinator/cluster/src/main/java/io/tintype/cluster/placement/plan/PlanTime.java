// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How long a plan should take. Pure.
 *
 * <p>Steps begin in order, so many at once. A copy takes its source's pace and its target's; both do one after the other what
 * falls to them. Each step takes its time besides: to begin, to join, to be verified, to leave.
 */
public final class PlanTime {
    private PlanTime() {}

    /**
     * What is left of a step. Immutable.
     *
     * @param fromOrNull whom it is copied from, the shard's primary; null: nobody
     * @param toOrNull whom it is copied to; null: nobody
     * @param bytes bytes that are to travel
     * @param restSeconds what it takes besides
     */
    public record Work(
            @Nullable NodeId fromOrNull, @Nullable NodeId toOrNull, long bytes, double restSeconds) {}

    /** A step that was not begun. */
    public static Work work(PlanStep step, @Nullable NodeId primary, CopyPaces paces, double limit) {
        return step.kind() == PlanStep.Kind.LEAD
                ? new Work(null, null, 0, 0)
                : new Work(primary, step.toOrNull(), step.bytes(), paces.rest().seconds(step.bytes(), limit));
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
     * When what begins. Immutable.
     *
     * @param begins when each work begins, in seconds from the plan's beginning
     * @param seconds when all is done
     */
    public record Schedule(List<Double> begins, double seconds) {
        public Schedule {
            begins = List.copyOf(begins);
        }
    }

    /** The same, with when each work begins. */
    public static Schedule schedule(List<Work> works, int atOnce, double limit, CopyPaces paces) {
        double[] places = new double[atOnce];
        List<Double> begins = new ArrayList<>(works.size());
        Map<NodeId, Double> sends = new HashMap<>();
        Map<NodeId, Double> takes = new HashMap<>();
        double end = 0;
        for (var work : works) {
            Arrays.sort(places);
            double copied = places[0];
            begins.add(copied);
            if (work.bytes() > 0) {
                double sent = busyUntil(sends, work.fromOrNull(), copied, work.bytes() / limit);
                double pace = work.toOrNull() == null
                        ? limit
                        : paces.into(work.toOrNull(), limit).bytesPerSecond();
                double taken = busyUntil(takes, work.toOrNull(), copied, work.bytes() / pace);
                copied = Math.max(sent, taken);
            }
            places[0] = copied + work.restSeconds();
            end = Math.max(end, places[0]);
        }
        return new Schedule(begins, end);
    }

    private static double busyUntil(Map<NodeId, Double> busy, @Nullable NodeId node, double from, double seconds) {
        if (node == null) {
            return from;
        }
        double until = Math.max(from, busy.getOrDefault(node, 0.0)) + seconds;
        busy.put(node, until);
        return until;
    }
}
