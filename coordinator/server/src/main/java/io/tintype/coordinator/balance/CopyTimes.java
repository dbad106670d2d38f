// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long nodes were copied to, and how much of that time their sources had for them. Pure. */
final class CopyTimes {
    private CopyTimes() {}

    /**
     * A copy that was made. Immutable.
     *
     * @param from who sent it; empty: nobody knows, and it is taken for somebody who sent nothing else
     * @param to whom it came to
     * @param beganMs when, in milliseconds
     * @param endedMs until when
     */
    record Copy(String from, String to, long beganMs, long endedMs) {}

    /**
     * What came of it for a node. Immutable.
     *
     * @param busyMs milliseconds during which something came
     * @param fedMs those of them that are left if one in which a source sent to two nodes counts half for each: in so many the node
     *     could have taken in what it may, whoever else was sent to
     */
    record Times(double busyMs, double fedMs) {
        private Times and(Times more) {
            return new Times(busyMs + more.busyMs, fedMs + more.fedMs);
        }
    }

    private record Turn(long atMs, Copy copy, boolean begins) {}

    /** By the node that was copied to. */
    static Map<String, Times> of(List<Copy> copies) {
        var turns = new ArrayList<Turn>();
        for (var copy : copies) {
            if (copy.endedMs() > copy.beganMs()) {
                turns.add(new Turn(copy.beganMs(), copy, true));
                turns.add(new Turn(copy.endedMs(), copy, false));
            }
        }
        turns.sort(Comparator.comparingLong(Turn::atMs));
        var times = new HashMap<String, Times>();
        List<Copy> underWay = new ArrayList<>();
        long since = 0;
        for (var turn : turns) {
            if (turn.atMs() > since && !underWay.isEmpty()) {
                add(times, underWay, (double) (turn.atMs() - since));
            }
            since = turn.atMs();
            if (turn.begins()) {
                underWay.add(turn.copy());
            } else {
                underWay.remove(turn.copy());
            }
        }
        return times;
    }

    private static void add(Map<String, Times> times, List<Copy> underWay, double millis) {
        var sent = new HashMap<String, Integer>();
        underWay.forEach(copy -> sent.merge(copy.from(), 1, Integer::sum));
        var parts = new HashMap<String, Double>();
        for (var copy : underWay) {
            double part = copy.from().isEmpty() ? 1 : 1.0 / sent.getOrDefault(copy.from(), 1);
            parts.merge(copy.to(), part, Double::sum);
        }
        parts.forEach((node, part) -> times.merge(node, new Times(millis, millis * Math.min(1, part)), Times::and));
    }
}
