// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.replica.Member;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * Opens snapshots of one replica for followers that were told to install one: as many at a time as the node sends, {@link
 * ShardLimits#SNAPSHOTS_SENT}. Thread-safe.
 */
final class SnapshotsSent {
    private final ShardContext context;
    private final ShardId shard;
    private final ShardStore store;
    private final ReplicaLoop loop;

    SnapshotsSent(ShardContext context, ShardId shard, ShardStore store, ReplicaLoop loop) {
        this.context = context;
        this.shard = shard;
        this.store = store;
        this.loop = loop;
    }

    /** Asks the core whether the follower may have one, on the loop, and opens it on a thread for disks. */
    CompletableFuture<OutgoingSnapshot> open(Member follower, long epoch) {
        var opened = new CompletableFuture<OutgoingSnapshot>();
        loop.look((core, waiting) -> {
            if (!core.mayFeed(follower, epoch)) {
                opened.completeExceptionally(new TintypeException(
                        Reason.NOT_PRIMARY,
                        "shard " + shard + ": replica " + follower + " was told to install no snapshot in epoch "
                                + epoch));
            } else if (!context.snapshots().beginSending()) {
                opened.completeExceptionally(new TintypeException(
                        Reason.OVERLOADED,
                        "this node sends " + ShardLimits.SNAPSHOTS_SENT + " snapshots already; ask again later"));
            } else {
                openOnDiskThread(opened);
            }
        });
        return opened;
    }

    private void openOnDiskThread(CompletableFuture<OutgoingSnapshot> opened) {
        try {
            context.threads().io().execute(() -> {
                try {
                    var snapshot = new PacedSnapshot(
                            context.threads(), context.snapshots(), context.metrics(), store.snapshot());
                    context.snapshots().opened(snapshot);
                    opened.complete(snapshot);
                } catch (RuntimeException | Error e) {
                    context.snapshots().giveUpSending();
                    opened.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            context.snapshots().giveUpSending();
            opened.completeExceptionally(new TintypeException(
                    Reason.OVERLOADED, "this node has too much to read at the moment; ask again later"));
        }
    }
}
