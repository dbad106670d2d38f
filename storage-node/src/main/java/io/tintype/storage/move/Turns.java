// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.ShardId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Goes round those who wait on each shard, some at a time: who cannot be helped yet stands in nobody's way, however many there
 * are of his kind. Confined to one thread.
 *
 * @param <T> where somebody stands in the order of those who wait
 */
final class Turns<T> {
    private final Map<ShardId, T> last = new HashMap<>();

    /**
     * Those who wait on a shard, in an order that does not change.
     *
     * @param <T> where somebody stands in it
     */
    interface Line<T> {
        /**
         * Some of them.
         *
         * @param after begins behind this one; null: with the first
         * @param limit most of them
         */
        List<T> next(@Nullable T after, int limit);
    }

    /** Those whose turn it is; behind the last one it is the first one's again. */
    List<T> next(ShardId shard, int limit, Line<T> line) {
        var found = line.next(last.get(shard), limit);
        if (found.size() < limit) {
            last.remove(shard);
        } else {
            last.put(shard, found.get(limit - 1));
        }
        return found;
    }

    /** Forgets whose turn it was on other shards than these. */
    void keepOnly(Set<ShardId> shards) {
        last.keySet().retainAll(shards);
    }

    /** The members of a set, which may change all the time. */
    static <T extends Comparable<T>> Line<T> lineOf(Set<T> waiting) {
        return (after, limit) -> waiting.stream()
                .filter(one -> after == null || one.compareTo(after) > 0)
                .sorted(Comparator.naturalOrder())
                .limit(limit)
                .toList();
    }
}
