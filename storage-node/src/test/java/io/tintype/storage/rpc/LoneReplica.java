// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.blob.HeadChanges;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.Freshness;
import io.tintype.storage.shard.HeadWatch;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ReadPoint;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.storage.shard.ShardStatus;
import io.tintype.storage.shard.StagedBytes;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A shard with one replica and nobody to elect: the real log, committer, state machine and reader over a real disk. What
 * services do to it happens as in a cluster; only leadership is given.
 */
final class LoneReplica implements ShardReplica, AutoCloseable {
    static final NodeId NODE = new NodeId("n1");

    private final ShardId id;
    private final boolean directory;
    private final Disk disk;
    private final ShardStore store;
    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final ExecutorService applier = Executors.newSingleThreadExecutor();
    volatile ShardRules rules = new ShardRules(1_000, 0, 0, false);
    volatile Optional<NodeId> primary = Optional.of(NODE);

    /** Why no chunk is staged; null: they are. */
    volatile @Nullable TintypeException refusesChunks;

    /** Why no upload is aborted; null: they are. */
    volatile @Nullable TintypeException refusesAborts;

    /** Why no upload becomes a blob; null: they do. */
    volatile @Nullable TintypeException refusesCommits;

    /** What making a commit ends with, before it is proposed; null: nothing. */
    volatile @Nullable RuntimeException breaksCommits;

    /** The last commit that was to be proposed. */
    volatile @Nullable Proposal lastCommit;

    /** By how much the log's clock is ahead of the wall clock. */
    volatile long logAheadMs;

    /** Whether reads are answered as by a replica that does not lead. */
    volatile boolean follows;

    /** What happens in front of every read. */
    volatile Runnable beforeReads = () -> {};

    /** What changes of quotas wait for before they are proposed; null: nothing. */
    volatile @Nullable CompletableFuture<Void> quotasWaitFor;

    /** Changes of quotas that were to be proposed. */
    final AtomicInteger quotas = new AtomicInteger();

    /** How often everything here was taken away. */
    volatile int emptied;

    private final List<HeadWatch> heads = new CopyOnWriteArrayList<>();

    LoneReplica(Disk disk, int id, boolean directory) {
        this.id = new ShardId(id);
        this.directory = directory;
        this.disk = disk;
        this.store = ShardStore.open(disk, this.id, 4 << 20);
    }

    @Override
    public ShardId id() {
        return id;
    }

    @Override
    public ShardStatus status() {
        boolean leads = primary.equals(Optional.of(NODE));
        return new ShardStatus(
                id,
                directory,
                new PoolId("r1", "standard"),
                rules,
                leads ? ReplicaState.PRIMARY : ReplicaState.FOLLOWER,
                leads,
                1,
                primary,
                List.of(NODE),
                1,
                0,
                0,
                store.machine().applied().seq(),
                Optional.empty());
    }

    @Override
    public int emptied() {
        return emptied;
    }

    @Override
    public CompletableFuture<Committed> propose(Proposal proposal, int seen) {
        var hold = quotasWaitFor;
        if (proposal.type() == RecordType.USER_QUOTA) {
            quotas.incrementAndGet();
            if (hold != null) {
                quotasWaitFor = null;
                return hold.thenCompose(go -> propose(proposal, seen));
            }
        }
        if (proposal.type() == RecordType.PUT_COMMIT) {
            lastCommit = proposal;
        }
        var broken = breaksCommits;
        if (broken != null && proposal.type() == RecordType.PUT_COMMIT) {
            throw broken;
        }
        var refusal = seen == emptied
                ? refusal(proposal.type())
                : new TintypeException(Reason.UNAVAILABLE, "what was staged may be gone");
        if (refusal != null) {
            return CompletableFuture.failedFuture(refusal);
        }
        var done = new CompletableFuture<Committed>();
        loop.execute(() -> {
            var last = store.log().last();
            long time = Math.max(
                    System.currentTimeMillis() + logAheadMs, store.log().lastLogTimeMs());
            var record = new LogRecord(
                    1,
                    last.seq() + 1,
                    last.epoch(),
                    time,
                    proposal.type(),
                    proposal.user(),
                    proposal.requestId(),
                    proposal.payload());
            var write = new Write();
            if (proposal.inline() != null) {
                store.chunks()
                        .inline(
                                write,
                                proposal.inline().key(),
                                proposal.inline().chunk());
            }
            store.log().append(write, LogCodec.encode(record));
            var synced = disk.committer().commit(write);
            applier.execute(() -> apply(synced, record, done));
        });
        return done;
    }

    private @Nullable TintypeException refusal(RecordType type) {
        if (type == RecordType.ABORT_UPLOAD) {
            return refusesAborts;
        }
        return type == RecordType.PUT_COMMIT ? refusesCommits : null;
    }

    private void apply(CompletableFuture<Void> synced, LogRecord record, CompletableFuture<Committed> done) {
        try {
            synced.join();
            Applied applied = store.machine().apply(List.of(record)).get(0);
            HeadChanges.of(record, applied.outcome())
                    .ifPresent(change -> heads.forEach(watch -> watch.changed(
                            1, record.seq() - 1, record.seq(), List.of(new HeadWatch.Told(record.seq(), change)))));
            done.complete(new Committed(applied.at(), applied.outcome(), List.of(NODE)));
        } catch (RuntimeException e) {
            done.completeExceptionally(e);
        }
    }

    @Override
    public CompletableFuture<Void> stage(StagedBytes chunk) {
        var refusal = refusesChunks;
        if (refusal != null) {
            return CompletableFuture.failedFuture(refusal);
        }
        var write = new Write();
        store.chunks().stage(write, chunk.key(), chunk.chunk());
        return disk.committer().commit(write);
    }

    @Override
    public Runnable watchHeads(HeadWatch watch, long lastEpoch, long after) {
        heads.add(watch);
        long seq = store.machine().applied().seq();
        watch.changed(1, seq, seq, List.of());
        return () -> heads.remove(watch);
    }

    @Override
    public ShardReader reader() {
        beforeReads.run();
        return store.reader();
    }

    /** Whether the end of an upload is marked here. */
    boolean isMarked(UserId user, UploadId upload) {
        return store.chunks().closed(user, upload);
    }

    @Override
    public CompletableFuture<ReadPoint> begin(ReadDemand demand) {
        return CompletableFuture.completedFuture(new ReadPoint(demand, follows ? 0 : 1, 0, 0, 0));
    }

    @Override
    public CompletableFuture<Freshness> confirm(ReadPoint point) {
        return CompletableFuture.completedFuture(point.epoch() == 0 ? new Freshness(true, 0, 0) : Freshness.CURRENT);
    }

    @Override
    public void close() {
        loop.shutdown();
        applier.shutdown();
    }
}
