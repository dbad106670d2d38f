// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.PriorityQueue;

/** Virtual time: what is to happen, in order; what is to happen at once, in the order it was planned. */
final class EventQueue {
    private final PriorityQueue<Planned> planned = new PriorityQueue<>();
    private long now;
    private long count;

    private record Planned(long at, long order, Runnable what) implements Comparable<Planned> {
        @Override
        public int compareTo(Planned other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    /** Virtual nanoseconds since the run began. */
    long now() {
        return now;
    }

    /** How many things were planned so far. */
    long count() {
        return count;
    }

    void after(long nanos, Runnable what) {
        planned.add(new Planned(now + nanos, count++, what));
    }

    /** Runs until a time, or until nothing is planned any more. */
    void runUntil(long end) {
        while (!planned.isEmpty() && planned.peek().at() <= end) {
            var next = planned.remove();
            now = next.at();
            next.what().run();
        }
        now = Math.max(now, end);
    }
}
