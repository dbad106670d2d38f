// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.keys.Sealing;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.trace.Trace;
import org.jspecify.annotations.Nullable;

/**
 * One streamed upload. Small blobs wait for their end and become one record; of larger ones each chunk is staged as soon as
 * it is full, and the next message is asked for only while few bytes are held: that is all the memory it takes, whatever
 * the blob's size.
 *
 * <p>Called by gRPC and by the shard's threads; a lock of its own keeps them apart. Never blocks.
 *
 * <p>Always: unless a finish part came, agreed, and the client closed its side, nothing is proposed.
 */
final class PutCall implements StreamObserver<PutRequest>, Stalls.Transfer {
    /** Chunks being staged at once. */
    private static final int STAGING = 2;

    /** New uploads are refused once this share of the budget is used; the rest is for those under way. */
    private static final double ADMISSION = 0.8;

    /** Chunks of one upload that have a part of its trace: the others look the same. */
    private static final int TRACED_CHUNKS = 16;

    private final Toolbox box;
    private final ServerCallStreamObserver<PutResponse> out;
    private final UploadId upload;
    private final Trace trace = Trace.current();

    /** What the header says, and what goes with it. */
    private record Task(PutSpec spec, ChunkAssembler bytes) {}

    // All of these only under this object's lock.
    private @Nullable Task task;
    private @Nullable ShardReplica shard;
    private Sealing sealing = Sealing.NONE;
    private @Nullable PutFinish finish;
    private boolean asked;
    private boolean ended;
    private boolean proposed;
    private boolean over;
    private int chunks;
    private int staging;
    /** Bytes taken from the budget that are not in a chunk being staged. */
    private long held;

    private volatile long movedAtNanos;

    private PutCall(Toolbox box, ServerCallStreamObserver<PutResponse> out) {
        this.box = box;
        this.out = out;
        this.upload = Writes.newUpload(box.clock().millis());
        this.movedAtNanos = box.stalls().now();
    }

    /** Begins to receive. */
    static StreamObserver<PutRequest> start(Toolbox box, StreamObserver<PutResponse> response) {
        var out = (ServerCallStreamObserver<PutResponse>) response;
        var call = new PutCall(box, out);
        out.disableAutoRequest();
        out.setOnCancelHandler(call::cancelled);
        box.stalls().watch(call);
        call.begin();
        return call;
    }

    private synchronized void begin() {
        asked = true;
        out.request(1);
    }

    @Override
    public synchronized void onNext(PutRequest message) {
        guarded(() -> {
            asked = false;
            accept(message);
            advance();
        });
    }

    @Override
    public synchronized void onCompleted() {
        guarded(() -> {
            ended = true;
            if (finish == null) {
                throw new TintypeException(
                        Reason.INCOMPLETE_UPLOAD,
                        "the stream ended after "
                                + (task == null ? 0 : task.bytes().size())
                                + " bytes without its finish part; nothing was stored");
            }
            advance();
        });
    }

    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    @Override
    public long movedAtNanos() {
        return movedAtNanos;
    }

    @Override
    public boolean isUpload() {
        return true;
    }

    @Override
    public synchronized void giveUp(TintypeException failure) {
        if (!proposed) {
            fail(failure);
        }
    }

    /** The client is gone. What was proposed goes on. */
    private synchronized void cancelled() {
        if (!over && !proposed) {
            end();
        }
    }

    private void accept(PutRequest message) {
        if (message.hasHeader()) {
            start(message.getHeader());
        }
        if (over) {
            return; // refused at once: take nothing more
        }
        if (task == null) {
            throw Requests.invalid("the first message has no header; send it first, alone or with the first frame");
        }
        if (finish != null) {
            throw Requests.invalid("a message came behind the finish part, which must be in the last one");
        }
        if (message.hasFrame()) {
            int bytes = message.getFrame().getData().size();
            box.uploads().take(bytes);
            held += bytes;
            task.bytes().add(message.getFrame());
        }
        if (message.hasFinish()) {
            task.spec().checkFinish(message.getFinish(), box.limits().maxBlobBytes());
            task.bytes().checkFinish(message.getFinish());
            finish = message.getFinish();
        }
    }

    private void start(PutHeader header) {
        if (task != null) {
            throw Requests.invalid("header came twice; only the first message may carry it");
        }
        var spec = box.spec(header);
        if (trace.isRecording()) {
            trace.set("tintype.request.id", spec.requestId().toString());
        }
        task = new Task(
                spec,
                new ChunkAssembler(
                        Limits.CHUNK_BYTES,
                        box.limits().maxBlobBytes(),
                        spec.size().orElse(-1)));
        if (box.uploads().isFuller(ADMISSION)) {
            throw box.uploads().refusal();
        }
        var unused = box.forBytes(spec.user(), header.getShard()).whenComplete(this::admitted);
    }

    private synchronized void admitted(Toolbox.@Nullable Taker taker, @Nullable Throwable failure) {
        guarded(() -> {
            if (taker == null) {
                throw Futures.unchecked(failure);
            }
            shard = taker.shard();
            sealing = taker.sealing();
            advance();
        });
    }

    /** Does all that can be done now. */
    private void advance() {
        if (isDone() || task == null || shard == null) {
            return;
        }
        boolean large = finish == null || task.bytes().size() > Limits.INLINE_BYTES;
        while (large && !isDone() && staging < STAGING && task.bytes().isFull()) {
            stage(task.bytes().take());
        }
        if (!isDone() && ended && large && task.bytes().held() > 0 && staging < STAGING) {
            stage(task.bytes().take());
        }
        if (isDone()) {
            return; // a chunk was staged, or refused, before stage() returned: what follows from that was done inside
        }
        if (ended && finish != null) {
            if (staging == 0 && !(large && task.bytes().held() > 0)) {
                propose(task.spec(), finish, shard, large ? null : task.bytes().take());
            }
        } else if (!asked && !task.bytes().isFull()) {
            asked = true;
            out.request(1);
        }
    }

    /** Nothing is to be done for this upload any more but to answer. */
    private boolean isDone() {
        return over || proposed;
    }

    private void stage(Chunk chunk) {
        if (task == null || shard == null) {
            throw new IllegalStateException("nothing to stage for");
        }
        var replica = shard;
        int bytes = chunk.data().size();
        held -= bytes;
        staging++;
        var part = chunks < TRACED_CHUNKS ? trace.child("stage chunk") : Trace.NONE;
        var key = new ChunkKey(task.spec().user(), upload, chunks++);
        var unused = Futures.begin(
                        () -> replica.stage(new StagedBytes(key, sealing.seal(key.user(), key.index(), chunk))))
                .whenComplete((done, failure) -> {
                    part.end(failure);
                    staged(bytes, failure);
                });
    }

    private synchronized void staged(int bytes, @Nullable Throwable failure) {
        box.uploads().give(bytes);
        staging--;
        if (over) {
            if (!proposed && staging == 0) {
                abort(); // the upload ended while this was under way
            }
            return;
        }
        guarded(() -> {
            Futures.rethrow(failure);
            advance();
        });
    }

    private void propose(PutSpec spec, PutFinish agreed, ShardReplica replica, @Nullable Chunk inline) {
        spec.age().check(box.stalls().now());
        proposed = true;
        var commit = Writes.commit(
                replica.status().rules(),
                spec,
                Writes.manifest(upload, agreed.getSize(), agreed.getCrc32C(), sealing),
                RequestDigest.put(spec, agreed.getSize(), agreed.getCrc32C()),
                box.clock().millis());
        var unused = trace.get(() -> replica.propose(proposal(spec, commit, inline, sealing)))
                .whenComplete((committed, failure) -> answer(spec, replica, committed, failure));
        // Only now: a node that stops waits for it before it hands the shard over.
        box.stalls().forget(this);
    }

    private static Proposal proposal(PutSpec spec, PutCommit.Builder commit, @Nullable Chunk inline, Sealing sealing) {
        return inline == null || inline.data().isEmpty()
                ? Writes.proposal(RecordType.PUT_COMMIT, spec.user(), spec.requestId(), commit.build())
                : Writes.inline(spec.user(), spec.requestId(), commit, sealing.seal(spec.user(), 0, inline));
    }

    private synchronized void answer(
            PutSpec spec, ShardReplica replica, @Nullable Committed committed, @Nullable Throwable failure) {
        guarded(() -> {
            if (committed == null) {
                throw Futures.unchecked(failure);
            }
            if (!Writes.tookOver(committed, upload)) {
                abort();
            }
            var stored = Writes.stored(replica.id(), spec.user(), spec.name(), committed);
            end();
            out.onNext(PutResponse.newBuilder()
                    .setHead(stored.head())
                    .addAllReplicas(stored.replicas())
                    .setSession(stored.session())
                    .build());
            out.onCompleted();
        });
    }

    private void guarded(Runnable step) {
        if (over) {
            return;
        }
        movedAtNanos = box.stalls().now();
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable failure) {
        if (over) {
            return;
        }
        if (task != null && shard != null) {
            box.gate().learn(shard, task.spec().user(), failure);
        }
        end();
        box.failures()
                .end(
                        out,
                        failure,
                        new Failures.Call(
                                "Put", task == null ? null : task.spec().requestId(), trace));
    }

    private void end() {
        over = true;
        box.stalls().forget(this);
        box.uploads().give(held);
        held = 0;
        if (!proposed && staging == 0) {
            abort();
        }
    }

    /** Lets go of what was staged in vain; where this fails, collection does it a day later. */
    private void abort() {
        if (chunks == 0 || task == null || shard == null) {
            return;
        }
        Writes.abort(shard, task.spec().user(), upload);
    }
}
