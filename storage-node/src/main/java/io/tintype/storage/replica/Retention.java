// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * How much of its log a primary keeps for others: what the replica furthest behind still lacks, but nothing that has
 * {@linkplain ReplicaEvent.LogAged aged}. Never more than is committed goes, and everybody who may be elected has that:
 * so whoever counts can be fed from the log, and only the others ever need a snapshot. Confined to the shard's loop.
 */
final class Retention {
    private final Context context;
    private final Followers followers;
    private long aged;

    Retention(Context context, Followers followers) {
        this.context = context;
        this.followers = followers;
    }

    void aged(ReplicaEvent.LogAged event) {
        aged = Math.max(aged, event.upTo());
    }

    /** Nobody needs records up to this one from the primary's log. */
    long needlessUpTo(ShardConfig config) {
        long committed = context.journal.committed();
        long upTo = committed;
        for (var node : config.replicas().keySet()) {
            if (!node.equals(context.self.node())) {
                var progress = followers.on(node);
                upTo = Math.min(upTo, progress.attached ? progress.acked : 0);
            }
        }
        return Math.max(upTo, Math.min(aged, committed));
    }
}
