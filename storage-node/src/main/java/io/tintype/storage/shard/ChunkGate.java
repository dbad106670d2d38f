// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.UploadId;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Committer;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogEntry;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds records back from a follower's log until every chunk they name is on its disk, or is known to be gone for good.
 * So an acknowledgement, which follows the log, speaks for the chunks too; and a record whose chunks cannot be had is to
 * the core as if it had never come.
 *
 * <p>One a stream, fed one batch at a time by the transport's flow control. Thread-safe.
 */
final class ChunkGate {
    private static final Logger log = LoggerFactory.getLogger(ChunkGate.class);
    private static final int FETCH_AT_ONCE = 64;

    /** Where a gate looks for chunks. */
    record Source(ShardStore store, Committer committer, Peers peers, Executor io, ShardMetrics metrics) {
        /** Those of one shard. */
        static Source of(ShardStore store, ShardContext context) {
            return new Source(
                    store,
                    context.disk().committer(),
                    context.peers(),
                    context.threads().io(),
                    context.metrics());
        }
    }

    private final Source source;
    private final NodeId primary;
    private final Consumer<ReceivedBatch> complete;
    private final Runnable giveUp;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param complete takes batches whose chunks are all here
     * @param giveUp ends the stream, because chunks cannot be had from this primary
     */
    ChunkGate(Source source, NodeId primary, Consumer<ReceivedBatch> complete, Runnable giveUp) {
        this.source = source;
        this.primary = primary;
        this.complete = complete;
        this.giveUp = giveUp;
    }

    /** Takes a batch; does not block. */
    void receive(ReceivedBatch batch) {
        if (!namesOtherChunks(batch)) {
            complete.accept(batch);
            return;
        }
        checkOnIo(batch, new HashSet<>());
    }

    void close() {
        closed.set(true);
    }

    private boolean namesOtherChunks(ReceivedBatch batch) {
        for (var entry : batch.entries()) {
            if (ShardStore.stagedManifest(entry.record()).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private void checkOnIo(ReceivedBatch batch, Set<UploadId> gone) {
        try {
            source.io().execute(() -> check(batch, gone));
        } catch (RejectedExecutionException e) {
            giveUp(batch, e);
        }
    }

    /** On an io thread. */
    private void check(ReceivedBatch batch, Set<UploadId> gone) {
        if (closed.get()) {
            return;
        }
        try {
            for (var entry : batch.entries()) {
                var missing = missing(entry, gone);
                if (!missing.isEmpty()) {
                    fetch(batch, entry, missing, gone);
                    return;
                }
            }
            complete.accept(batch);
        } catch (RuntimeException e) {
            giveUp(batch, e);
        }
    }

    private List<ChunkKey> missing(LogEntry entry, Set<UploadId> gone) {
        var user = entry.record().user();
        var manifest = ShardStore.stagedManifest(entry.record());
        if (user == null || manifest.isEmpty()) {
            return List.of();
        }
        var upload = UploadId.of(manifest.get().getUploadId().toByteArray());
        if (gone.contains(upload) || source.store().chunks().closed(user, upload)) {
            return List.of(); // garbage already, or this record comes second and will be refused
        }
        return source.store().reader().missing(user, manifest.get(), FETCH_AT_ONCE).stream()
                .map(index -> new ChunkKey(user, upload, index))
                .toList();
    }

    private void fetch(ReceivedBatch batch, LogEntry entry, List<ChunkKey> missing, Set<UploadId> gone) {
        var arrived = new HashSet<ChunkKey>();
        long sequence = entry.record().seq();
        var fetched = source.peers().fetch(source.store().id(), primary, sequence, missing, one -> {
            var chunk = one.chunk();
            if (!missing.contains(one.key())) {
                throw new IllegalArgumentException("chunk " + one.key() + " was not asked for");
            }
            arrived.add(one.key());
            if (chunk == null) {
                gone.add(one.key().upload()); // all chunks of an upload go together
                return CompletableFuture.completedFuture(null);
            }
            source.metrics().fetched();
            var write = new Write();
            source.store().chunks().stage(write, one.key(), chunk);
            return source.committer().commit(write);
        });
        var unused = fetched.whenComplete((done, failure) -> {
            if (failure != null) {
                giveUp(batch, failure);
            } else if (!gone.contains(missing.get(0).upload()) && !arrived.containsAll(missing)) {
                giveUp(batch, new IllegalStateException("the primary lacks some of " + missing));
            } else {
                checkOnIo(batch, gone);
            }
        });
    }

    private void giveUp(ReceivedBatch batch, Throwable cause) {
        if (!closed.get()) {
            log.warn(
                    "shard {}: chunks named by records behind {} cannot be had from {}; asking again",
                    source.store().id(),
                    batch.append().previous(),
                    primary,
                    cause);
            giveUp.run();
        }
    }
}
