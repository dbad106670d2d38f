// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.UploadId;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.v1.PutFinish;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.future.Futures;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.trace.Trace;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What goes of one streamed upload to the replica that takes it: its chunks, numbered, sealed and staged a few at a
 * time; then the record that makes them a blob, or, where nothing comes of them, the one that lets go of them. Not
 * thread-safe: its {@link PutCall} calls it under its lock. Never blocks.
 *
 * <p>Always: the bytes of a chunk being staged are counted in the budget of uploads until {@link #stagingEnded}.
 */
final class PutUpload {
    /** Chunks being staged at once. */
    private static final int STAGING = 2;

    /** Chunks of one upload that have a part of its trace: the others look the same. */
    private static final int TRACED_CHUNKS = 16;

    /** Hears that a chunk is no longer being staged, and has to call {@link PutUpload#stagingEnded} under the lock. */
    interface AfterStaging {
        /**
         * Called once a chunk, on a thread of the shard, or on the caller's before {@link PutUpload#stage} returns.
         *
         * @param bytes of the chunk, as it was handed over
         * @param failure why it was not staged; null: it was
         */
        void staged(PutUpload upload, int bytes, @Nullable Throwable failure);
    }

    private final Toolbox box;
    private final Toolbox.Taker taker;
    private final PutSpec spec;
    private final UploadId id;
    private final Trace trace;

    /** As it was before the first chunk. */
    private final int emptied;

    private int chunks;
    private int staging;

    /**
     * An upload of which nothing has gone to the replica yet.
     *
     * @param trace what staging and the commit are parts of
     */
    PutUpload(Toolbox box, Toolbox.Taker taker, PutSpec spec, Trace trace) {
        this.box = box;
        this.taker = taker;
        this.spec = spec;
        this.id = Writes.newUpload(taker.shard(), box.clock().millis());
        this.trace = trace;
        this.emptied = taker.shard().emptied();
    }

    /** The replica. */
    ShardReplica shard() {
        return taker.shard();
    }

    /** Whether another chunk may be staged now. */
    boolean hasRoom() {
        return staging < STAGING;
    }

    /** Whether no chunk is being staged. */
    boolean isIdle() {
        return staging == 0;
    }

    /**
     * Stages the next chunk; there must be {@linkplain #hasRoom room}.
     *
     * @param chunk not sealed, its bytes taken from the budget of uploads
     */
    void stage(Chunk chunk, AfterStaging then) {
        int bytes = chunk.data().size();
        staging++;
        var part = chunks < TRACED_CHUNKS ? trace.child("stage chunk") : Trace.NONE;
        var key = new ChunkKey(spec.user(), id, chunks++);
        var unused = Futures.begin(() ->
                        taker.shard().stage(new StagedBytes(key, taker.sealing().seal(key.user(), key.index(), chunk))))
                .whenComplete((done, failure) -> {
                    part.end(failure);
                    then.staged(this, bytes, failure);
                });
    }

    /** A chunk of so many bytes is no longer being staged: gives them back to the budget. */
    void stagingEnded(int bytes) {
        box.uploads().give(bytes);
        staging--;
    }

    /**
     * Proposes the record that makes the upload a blob.
     *
     * @param agreed how many bytes it has, and their checksum
     * @param inline all of them, not sealed, perhaps none, where they go along with the record; null: they were staged
     * @return as {@link ShardReplica#propose}
     */
    CompletableFuture<Committed> commit(PutFinish agreed, @Nullable Chunk inline) {
        var commit = Writes.commit(
                shard().status().rules(),
                spec,
                Writes.manifest(id, agreed.getSize(), agreed.getCrc32C(), taker.sealing()),
                RequestDigest.put(spec, agreed.getSize(), agreed.getCrc32C()),
                shard().reader().timeMs(box.clock().millis()));
        return trace.get(() -> shard().propose(proposal(commit, inline), emptied));
    }

    private Proposal proposal(PutCommit.Builder commit, @Nullable Chunk inline) {
        if (inline == null || inline.data().isEmpty()) {
            return Writes.proposal(RecordType.PUT_COMMIT, spec.user(), spec.requestId(), commit.build());
        }
        var sealed = taker.sealing().seal(spec.user(), 0, inline);
        return Writes.inline(spec.user(), spec.requestId(), commit, sealed);
    }

    /**
     * What was written, once the record is committed. Where the blob does not consist of this upload's chunks, lets go
     * of them.
     *
     * @throws io.tintype.model.TintypeException with the reason why nothing was written
     */
    Writes.Stored settle(Committed committed) {
        if (!Writes.tookOver(committed, id)) {
            abort();
        }
        return Writes.stored(shard().id(), spec.user(), spec.name(), committed);
    }

    /** Lets go of what was staged in vain; where this fails, collection does it a day later. */
    void abort() {
        if (chunks > 0) {
            Writes.abort(shard(), spec.user(), id);
        }
    }
}
