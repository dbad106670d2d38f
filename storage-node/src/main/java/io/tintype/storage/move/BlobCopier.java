// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedHead;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.NamedHead;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.future.Futures;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Peers;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Copies one blob at a time from a replica of the source into the target's log: chunks under an upload id of their own, so
 * that they never stand where another upload's chunks stand or are about to be removed. Holds one chunk a blob. Thread-safe;
 * never blocks.
 */
final class BlobCopier {
    private static final int FETCHED_AT_ONCE = 4;
    private static final int TRIES = 20;
    private static final long PAUSE_MS = 50;

    private final Peers peers;
    private final ShardReplica target;
    private final UserId user;
    private final ShardId source;
    private final long move;
    private final Throttle throttle;
    private final MoveProgress progress;
    private final OpenCopies open;

    BlobCopier(
            Peers peers,
            ShardReplica target,
            UserId user,
            ShardId source,
            long move,
            Throttle throttle,
            MoveProgress progress,
            OpenCopies open) {
        this.peers = peers;
        this.target = target;
        this.user = user;
        this.source = source;
        this.move = move;
        this.throttle = throttle;
        this.progress = progress;
        this.open = open;
    }

    /**
     * Copies a blob from the first of these replicas that has it.
     *
     * @param sequence a record of the source behind the one that wrote the blob
     * @return true: it is here; false: the source has another version by now, or none
     */
    CompletableFuture<Boolean> copy(NamedHead blob, long sequence, List<NodeId> replicas) {
        var manifest = blob.getHead().getManifest();
        if (manifest.getUploadId().isEmpty()) {
            return append(blob, manifest, null, target.emptied()).thenApply(done -> true);
        }
        return copy(blob, sequence, replicas, 0);
    }

    private CompletableFuture<Boolean> copy(NamedHead blob, long sequence, List<NodeId> replicas, int which) {
        boolean last = which + 1 >= replicas.size();
        return from(replicas.get(which), blob, sequence)
                .exceptionallyCompose(failure -> {
                    var cause = Errors.fromWire(failure);
                    return last || cause.reason() == Reason.MOVE_CONFLICT
                            ? CompletableFuture.failedFuture(cause)
                            : CompletableFuture.completedFuture(false);
                })
                .thenCompose(copied -> copied || last
                        ? CompletableFuture.completedFuture(copied)
                        : copy(blob, sequence, replicas, which + 1));
    }

    private CompletableFuture<Boolean> from(NodeId node, NamedHead blob, long sequence) {
        var manifest = blob.getHead().getManifest();
        var theirs = Wire.uploadId(manifest.getUploadId());
        var ours = newUpload();
        var here = manifest.toBuilder().setUploadId(Wire.bytes(ours)).build();
        int emptied = target.emptied(); // before the first chunk is staged
        if (manifest.getChunks() == 1 && manifest.getSize() <= Limits.INLINE_BYTES) {
            var only = new AtomicReference<@Nullable Chunk>();
            return fetch(node, sequence, theirs, 0, 1, one -> {
                        only.set(one.chunk());
                        return CompletableFuture.completedFuture(null);
                    })
                    .thenCompose(count -> {
                        var chunk = only.get();
                        return chunk == null
                                ? CompletableFuture.completedFuture(false)
                                : append(
                                                blob,
                                                here,
                                                new Proposal.InlineChunk(new ChunkKey(user, ours, 0), chunk),
                                                emptied)
                                        .thenApply(done -> true);
                    });
        }
        var way = new Way(node, sequence, theirs, ours, new AtomicBoolean());
        open.begin(ours);
        return Futures.begin(() -> chunks(way, manifest, 0))
                .thenCompose(whole -> whole
                        ? append(blob, here, null, emptied).thenApply(done -> true)
                        : CompletableFuture.completedFuture(false))
                .whenComplete((copied, failure) -> {
                    open.end(ours);
                    boolean inVain = failure != null || !copied;
                    if (inVain && way.staged().get()) {
                        // One try after the other must not fill the target. A record that named them, and whose
                        // fate is not known, stands before this one in the log, or comes nowhere.
                        OpenCopies.abort(target, user, ours);
                    }
                });
    }

    /**
     * From where to where chunks of one blob go.
     *
     * @param node a replica of the source
     * @param sequence a record of the source behind the one that wrote the blob
     * @param theirs the blob's upload there
     * @param ours its upload here
     * @param staged whether any may be here
     */
    private record Way(NodeId node, long sequence, UploadId theirs, UploadId ours, AtomicBoolean staged) {}

    /** Named by the target's time: what that takes for old, it gives up as abandoned. */
    private UploadId newUpload() {
        long now = target.reader().timeMs(System.currentTimeMillis());
        return new UploadId(now, ThreadLocalRandom.current().nextLong());
    }

    private CompletableFuture<Boolean> chunks(Way way, Manifest manifest, int from) {
        if (from >= manifest.getChunks()) {
            return CompletableFuture.completedFuture(true);
        }
        int to = Math.min(manifest.getChunks(), from + FETCHED_AT_ONCE);
        return fetch(way.node(), way.sequence(), way.theirs(), from, to, one -> {
                    var chunk = one.chunk();
                    if (chunk == null) {
                        return CompletableFuture.completedFuture(null);
                    }
                    way.staged().set(true);
                    var key = new ChunkKey(user, way.ours(), one.key().index());
                    return patiently(() -> target.stage(new StagedBytes(key, chunk)), 0);
                })
                .thenCompose(count ->
                        count == to - from ? chunks(way, manifest, to) : CompletableFuture.completedFuture(false));
    }

    private interface Taker {
        CompletableFuture<Void> take(Peers.Fetched one);
    }

    /** Fetches some chunks; how many were taken. */
    private CompletableFuture<Integer> fetch(
            NodeId node, long sequence, UploadId upload, int from, int to, Taker taker) {
        var keys = new ArrayList<ChunkKey>();
        IntStream.range(from, to).forEach(index -> keys.add(new ChunkKey(user, upload, index)));
        var counted = new int[1];
        return peers.fetch(source, node, sequence, keys, one -> {
                    var chunk = one.chunk();
                    if (chunk == null) {
                        return CompletableFuture.completedFuture(null);
                    }
                    int bytes = chunk.data().size();
                    return throttle.after(bytes)
                            .thenCompose(paced -> taker.take(one))
                            .thenRun(() -> {
                                counted[0]++; // one chunk at a time
                                progress.copied(bytes);
                            });
                })
                .thenApply(done -> counted[0]);
    }

    private CompletableFuture<Outcome.Moved> append(
            NamedHead blob, Manifest manifest, Proposal.@Nullable InlineChunk inline, int emptied) {
        var copy = CopyUser.newBuilder()
                .setMove(move)
                .setHead(CopiedHead.newBuilder()
                        .setName(blob.getName())
                        .setHead(blob.getHead().toBuilder().setManifest(manifest))
                        .setInline(inline != null))
                .build();
        return append(new Proposal(RecordType.USER_COPY, user, null, copy.toByteString(), inline), emptied);
    }

    /** Appends a record of the move, which names no chunks, to the target's log; fails where the record is refused. */
    CompletableFuture<Outcome.Moved> append(Proposal proposal) {
        return append(proposal, target.emptied());
    }

    private CompletableFuture<Outcome.Moved> append(Proposal proposal, int emptied) {
        return patiently(() -> target.propose(proposal, emptied), 0).thenApply(committed -> {
            if (committed.outcome().orThrow() instanceof Outcome.Moved moved) {
                return moved;
            }
            throw new IllegalStateException("a record of a move ended with " + committed.outcome());
        });
    }

    /** Repeats what the target has no room for at the moment. Repeating changes nothing. */
    private static <T> CompletableFuture<T> patiently(Supplier<CompletableFuture<T>> step, int number) {
        return step.get().exceptionallyCompose(failure -> {
            var cause = Errors.fromWire(failure);
            if (cause.reason() != Reason.OVERLOADED || number >= TRIES) {
                return CompletableFuture.failedFuture(cause);
            }
            var pause = CompletableFuture.delayedExecutor(PAUSE_MS, TimeUnit.MILLISECONDS);
            return CompletableFuture.runAsync(() -> {}, pause).thenCompose(paused -> patiently(step, number + 1));
        });
    }
}
