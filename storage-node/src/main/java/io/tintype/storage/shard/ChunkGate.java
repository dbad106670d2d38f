// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.UploadId;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.NamedChunks;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Committer;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.replica.Attach;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds records back from a follower's log until every chunk they name is on its disk, or is known to be gone for good.
 * So an acknowledgement, which follows the log, speaks for the chunks too; and a record whose chunks cannot be had is to
 * the core as if it had never come. A newcomer's backlog is taken no faster than the node may take copies in.
 *
 * <p>One a stream, fed one batch at a time by the transport's flow control. Thread-safe.
 */
final class ChunkGate {
    private static final Logger log = LoggerFactory.getLogger(ChunkGate.class);
    private static final int FETCH_AT_ONCE = 64;

    /** Of a backlog: so few that a call is over in time, however slowly they come. */
    private static final int BACKLOG_FETCH_AT_ONCE = 4;

    /** Where a gate looks for chunks. */
    record Source(
            ShardStore store,
            Committer committer,
            Peers peers,
            ShardThreads threads,
            ShardMetrics metrics,
            SnapshotTraffic traffic) {
        /** Those of one shard. */
        static Source of(ShardStore store, ShardContext context) {
            return new Source(
                    store,
                    context.disk().committer(),
                    context.peers(),
                    context.threads(),
                    context.metrics(),
                    context.snapshots());
        }
    }

    /**
     * What is known of the chunks of one batch. One thread at a time.
     *
     * @param gone uploads that are garbage at the primary
     * @param fetched by upload, the chunks that came: of a large one there are more than are fetched at once, and if it is not
     *     known which are wrong, the first ones must not be taken again and again
     */
    private record Sought(Set<UploadId> gone, Map<UploadId, BitSet> fetched) {
        Sought() {
            this(new HashSet<>(), new HashMap<>());
        }

        BitSet fetched(UploadId upload) {
            return fetched.computeIfAbsent(upload, key -> new BitSet());
        }
    }

    private final Source source;
    private final NodeId primary;
    private final Consumer<ReceivedBatch> complete;
    private final Runnable giveUp;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile long backlog;

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

    /** The primary takes this replica on; called before the first batch comes. */
    void attached(Attach attach) {
        backlog = attach.backlog();
        if (backlog > 0) {
            source.traffic().feeding(source.store().id(), attach.truncateTo().seq() == 0);
        }
    }

    /** Takes a batch; does not block. */
    void receive(ReceivedBatch batch) {
        if (!namesOtherChunks(batch)) {
            complete(batch);
            return;
        }
        checkOnIo(batch, new Sought());
    }

    /** Whoever is told of the batch asks for the next one: so it is here that a backlog waits. */
    private void complete(ReceivedBatch batch) {
        if (!isBacklog(batch.append().previous().seq() + 1)) {
            complete.accept(batch);
            return;
        }
        long bytes = 0;
        for (var entry : batch.entries()) {
            bytes += entry.encoded().size();
        }
        for (var inline : batch.inline().values()) {
            bytes += inline.chunk().data().size();
        }
        after(source.traffic().fed(source.store().id(), bytes), () -> complete.accept(batch));
    }

    private boolean isBacklog(long seq) {
        return seq <= backlog;
    }

    private void after(long nanos, Runnable task) {
        long pauseMs = TimeUnit.NANOSECONDS.toMillis(nanos);
        if (pauseMs <= 0) {
            task.run();
            return;
        }
        source.threads().later(pauseMs, () -> {
            if (!closed.get()) {
                task.run();
            }
        });
    }

    /** From here on nothing is staged: what becomes of the replica and of uploads next, this gate does not know. */
    synchronized void close() {
        closed.set(true);
    }

    private synchronized CompletableFuture<Void> stage(ChunkKey key, Chunk chunk) {
        if (closed.get()) {
            throw new IllegalStateException("the stream is over");
        }
        var write = new Write();
        source.store().chunks().stage(write, key, chunk);
        return source.committer().commit(write);
    }

    private boolean namesOtherChunks(ReceivedBatch batch) {
        for (var entry : batch.entries()) {
            if (NamedChunks.stagedManifest(entry.record()).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private void checkOnIo(ReceivedBatch batch, Sought sought) {
        try {
            source.threads().io().execute(() -> check(batch, sought));
        } catch (RejectedExecutionException e) {
            giveUp(batch, e);
        }
    }

    /** On an io thread. */
    private void check(ReceivedBatch batch, Sought sought) {
        if (closed.get()) {
            return;
        }
        try {
            for (var entry : batch.entries()) {
                var missing = missing(entry, sought);
                if (!missing.isEmpty()) {
                    fetch(batch, entry, missing, sought);
                    return;
                }
            }
            complete(batch);
        } catch (RuntimeException | Error e) {
            giveUp(batch, e);
        }
    }

    private List<ChunkKey> missing(LogEntry entry, Sought sought) {
        var user = entry.record().user();
        var manifest = NamedChunks.stagedManifest(entry.record());
        if (user == null || manifest.isEmpty()) {
            return List.of();
        }
        var upload = UploadId.of(manifest.get().getUploadId().toByteArray());
        if (sought.gone().contains(upload) || source.store().chunks().closed(user, upload)) {
            return List.of(); // garbage already, or this record comes second and will be refused
        }
        int most = isBacklog(entry.record().seq()) ? BACKLOG_FETCH_AT_ONCE : FETCH_AT_ONCE;
        return source.store().chunks().missing(user, manifest.get(), sought.fetched(upload), most).stream()
                .map(index -> new ChunkKey(user, upload, index))
                .toList();
    }

    private void fetch(ReceivedBatch batch, LogEntry entry, List<ChunkKey> missing, Sought sought) {
        var gone = sought.gone();
        var arrived = new HashSet<ChunkKey>();
        long sequence = entry.record().seq();
        boolean paced = isBacklog(sequence);
        var restUntil = new AtomicLong(System.nanoTime());
        var fetched = source.peers().fetch(source.store().id(), primary, sequence, missing, paced, one -> {
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
            if (paced) {
                restUntil.set(System.nanoTime()
                        + source.traffic().fed(source.store().id(), chunk.data().size()));
            }
            return stage(one.key(), chunk);
        });
        var unused = fetched.whenComplete((done, failure) -> {
            if (failure != null) {
                giveUp(batch, failure);
            } else if (!gone.contains(missing.get(0).upload()) && !arrived.containsAll(missing)) {
                giveUp(batch, new IllegalStateException("the primary lacks some of " + missing));
            } else {
                arrived.forEach(key -> sought.fetched(key.upload()).set(key.index()));
                after(restUntil.get() - System.nanoTime(), () -> checkOnIo(batch, sought));
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
