// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * How long a plan should take. Pure.
 *
 * <p>Steps begin in order, so many at once; one whose shard has another step under way lets those behind it pass. A copy takes its
 * source's pace and its target's; both do one after the other what falls to them. Each step takes its time besides: to begin, to join, to be verified, to leave.
 */
public final class PlanTime {
    private PlanTime() {}

    /**
     * What is left of a step. Immutable.
     *
     * @param shard whose steps are made one after the other
     * @param fromOrNull whom it is copied from, the shard's primary; null: nobody
     * @param toOrNull whom it is copied to; null: nobody
     * @param bytes bytes that are to travel
     * @param restSeconds what it takes besides
     */
    public record Work(
            int shard,
            @Nullable NodeId fromOrNull,
            @Nullable NodeId toOrNull,
            long bytes,
            double restSeconds) {}

    /** A step that was not begun. */
    public static Work work(PlanStep step, @Nullable NodeId primary, CopyPaces paces, double limit) {
        return step.kind() == PlanStep.Kind.LEAD
                ? new Work(step.shard().value(), null, null, 0, 0)
                : new Work(
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
     * When what begins. Immutable.
     *
     * @param begins when each work's bytes begin to travel, in seconds from the plan's beginning: the work itself may have begun
     *     before, and wait until its source and its target are done with others
     * @param seconds when all is done
     */
    public record Schedule(List<Double> begins, double seconds) {
        public Schedule {
            begins = List.copyOf(begins);
        }
    }

    /** The same, with when each work begins. */
    public static Schedule schedule(List<Work> works, int atOnce, double limit, CopyPaces paces) {
        var places = new PriorityQueue<Double>(Collections.nCopies(atOnce, 0.0));
        var begins = new Double[works.size()];
        Map<Integer, Double> shards = new HashMap<>();
        Map<NodeId, Double> sends = new HashMap<>();
        Map<NodeId, Double> takes = new HashMap<>();
        var waiting = new Waiting(works, shards);
        double end = 0;
        for (int made = 0; made < begins.length; made++) {
            double free = Objects.requireNonNull(places.poll());
            int next = waiting.next(free);
            var work = works.get(next);
            double copied = Math.max(free, shards.getOrDefault(work.shard(), 0.0));
            begins[next] = copied;
            if (work.bytes() > 0) {
                begins[next] = Math.max(copied, Math.max(busy(sends, work.fromOrNull()), busy(takes, work.toOrNull())));
                double sent = busyUntil(sends, work.fromOrNull(), copied, work.bytes() / limit);
                double pace = work.toOrNull() == null
                        ? limit
                        : paces.into(work.toOrNull(), limit).bytesPerSecond();
                double taken = busyUntil(takes, work.toOrNull(), copied, work.bytes() / pace);
                copied = Math.max(sent, taken);
            }
            double over = copied + work.restSeconds();
            shards.put(work.shard(), over);
            places.add(over);
            end = Math.max(end, over);
        }
        return new Schedule(List.of(begins), end);
    }

    /** Works that were not begun. */
    private static final class Waiting {
        private final List<Work> works;
        private final Map<Integer, Double> shards;
        private final List<Integer> passed = new ArrayList<>();
        private int first;

        /** @param shards when the last step of a shard that was begun is over; kept by others */
        private Waiting(List<Work> works, Map<Integer, Double> shards) {
            this.works = works;
            this.shards = shards;
        }

        private double ready(int work) {
            return shards.getOrDefault(works.get(work).shard(), 0.0);
        }

        /** Takes the first whose shard has no step under way at a time; where all have, the one that can begin soonest. */
        private int next(double free) {
            int soonest = 0;
            for (int i = 0; i < passed.size(); i++) {
                if (ready(passed.get(i)) <= free) {
                    return passed.remove(i);
                }
                soonest = ready(passed.get(i)) < ready(passed.get(soonest)) ? i : soonest;
            }
            for (; first < works.size(); first++) {
                if (ready(first) <= free) {
                    return first++;
                }
                passed.add(first);
                soonest = ready(first) < ready(passed.get(soonest)) ? passed.size() - 1 : soonest;
            }
            return passed.remove(soonest);
        }
    }

    private static double busy(Map<NodeId, Double> busy, @Nullable NodeId node) {
        return node == null ? 0 : busy.getOrDefault(node, 0.0);
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
