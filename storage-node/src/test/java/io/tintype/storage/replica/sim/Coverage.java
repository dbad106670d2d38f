// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.ReplicaState;
import java.util.Map;
import java.util.TreeMap;

/** What runs went through: how often each fault struck, each state was entered, and each thing worth noting happened. */
final class Coverage {
    /** In front of a change of a replica's state. */
    static final String STATE = "state ";

    /** In front of a fault. */
    static final String FAULT = "fault ";

    private final Map<String, Long> counts = new TreeMap<>();

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    void count(String what, long times) {
        counts.merge(what, times, Long::sum);
    }

    void state(ReplicaState before, ReplicaState after) {
        if (before != after) {
            count(STATE + before + " -> " + after);
        }
    }

    void fault(Fault fault) {
        count(FAULT + fault);
    }

    void add(Coverage other) {
        other.counts.forEach((what, count) -> counts.merge(what, count, Long::sum));
    }

    Map<String, Long> counts() {
        return counts;
    }
}
