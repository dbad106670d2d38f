// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Write;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets a chunk that is no longer what was stored back from another replica. Whoever came upon it was refused, and finds it
 * whole when he asks again; one chunk is no reason to give a whole replica up.
 *
 * <p>Thread-safe; never blocks. What it cannot repair now it tries again when somebody comes upon it again.
 */
final class ChunkRepair {
    private static final Logger log = LoggerFactory.getLogger(ChunkRepair.class);

    /** Chunks of one shard that are being repaired at a time. */
    private static final int AT_ONCE = 16;

    private final ShardContext context;
    private final ShardStore store;
    private final Board board;
    private final Set<ChunkKey> underWay = ConcurrentHashMap.newKeySet();

    ChunkRepair(ShardContext context, ShardStore store, Board board) {
        this.context = context;
        this.store = store;
        this.board = board;
    }

    /** Somebody came upon this one. */
    void damaged(ChunkKey key) {
        var config = board.config;
        if (config == null || underWay.size() >= AT_ONCE || !underWay.add(key)) {
            return;
        }
        context.metrics().chunkDamaged();
        log.error("shard {}: chunk {} is not what was stored; getting it from another replica", store.id(), key);
        var others = new ArrayDeque<NodeId>();
        config.inSync().forEach(member -> others.add(member.node()));
        config.replicas().keySet().stream()
                .filter(node -> !others.contains(node))
                .forEach(others::add);
        others.remove(context.self());
        ask(key, others);
    }

    private void ask(ChunkKey key, Deque<NodeId> others) {
        var next = others.poll();
        if (next == null) {
            underWay.remove(key);
            log.error("shard {}: no other replica has chunk {} whole at the moment", store.id(), key);
            return;
        }
        var written = new CompletableFuture<Boolean>();
        var asked = context.peers()
                .fetch(store.id(), next, store.machine().applied().seq(), List.of(key), found -> {
                    var chunk = found.chunk();
                    if (chunk == null) {
                        return CompletableFuture.completedFuture(null); // collected there
                    }
                    write(key, chunk, written);
                    return written.thenApply(needed -> null);
                });
        var unused = asked.whenComplete((done, failure) -> {
            if (written.isDone() && !written.isCompletedExceptionally()) {
                underWay.remove(key);
                if (written.join()) {
                    context.metrics().chunkRepaired();
                    log.info("shard {}: chunk {} is whole again, thanks to node {}", store.id(), key, next);
                }
            } else {
                ask(key, others);
            }
        });
    }

    private void write(ChunkKey key, Chunk chunk, CompletableFuture<Boolean> written) {
        try {
            context.threads().io().execute(() -> {
                try {
                    written.complete(writeOnIo(key, chunk));
                } catch (TintypeException e) {
                    written.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            written.completeExceptionally(e);
        }
    }

    /** Only what is still there and still damaged: the collector may have been faster, and waits meanwhile. False: it is not. */
    private boolean writeOnIo(ChunkKey key, Chunk chunk) {
        synchronized (store) {
            if (!board.whole || !store.chunks().isDamaged(key)) {
                return false;
            }
            var write = new Write();
            store.chunks().inline(write, key, chunk);
            context.disk().committer().writeNow(write);
            return true;
        }
    }
}
