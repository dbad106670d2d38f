// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where each epoch of a log begins; what two replicas compare to find where their logs part (KIP-101, KIP-279).
 *
 * <p>Not thread-safe. Epochs and sequences rise together.
 */
final class EpochTable {
    private final TreeMap<Long, Long> startsByEpoch = new TreeMap<>();

    void add(long epoch, long firstSeq) {
        startsByEpoch.put(epoch, firstSeq);
    }

    boolean knows(long epoch) {
        return startsByEpoch.containsKey(epoch);
    }

    /** Epoch of a record; 0 in front of the first. */
    long epochAt(long seq) {
        for (var entry : startsByEpoch.descendingMap().entrySet()) {
            if (entry.getValue() <= seq) {
                return entry.getKey();
            }
        }
        return 0;
    }

    void clear() {
        startsByEpoch.clear();
    }

    /** Forgets the epochs that end in front of a record, whose own stays known, and says which. */
    List<Long> cutBefore(long seq) {
        long kept = epochAt(seq);
        var cut = List.copyOf(startsByEpoch.headMap(kept).keySet());
        cut.forEach(startsByEpoch::remove);
        return cut;
    }

    /** Forgets the epochs that begin behind a record, and says which. */
    List<Long> cutAfter(long seq) {
        var cut = startsByEpoch.entrySet().stream()
                .filter(entry -> entry.getValue() > seq)
                .map(Map.Entry::getKey)
                .toList();
        cut.forEach(startsByEpoch::remove);
        return cut;
    }

    List<LogPosition> starts() {
        return startsByEpoch.entrySet().stream()
                .map(entry -> new LogPosition(entry.getKey(), entry.getValue()))
                .toList();
    }
}
