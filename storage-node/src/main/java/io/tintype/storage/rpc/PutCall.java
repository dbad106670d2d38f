// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.storage.future.Futures;
import io.tintype.storage.shard.Committed;
import io.tintype.trace.Trace;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One streamed upload: asks for messages, has done what they make possible, and answers. What came is its {@link
 * ReceivedPut}, what goes to the shard its {@link PutUpload}. Small blobs wait for their end and become one record; of
 * larger ones each chunk is staged as soon as it is full, and the next message is asked for only while few bytes are
 * held: that is all the memory it takes, whatever the blob's size.
 *
 * <p>Called by gRPC and by the shard's threads; a lock of its own keeps them apart. Never blocks.
 *
 * <p>Always: unless a finish part came, agreed, and the client closed its side, nothing is proposed.
 */
final class PutCall implements StreamObserver<PutRequest>, Stalls.Transfer {
    /** New uploads are refused once this share of the budget is used; the rest is for those under way. */
    private static final double ADMISSION = 0.8;

    private final Toolbox box;
    private final ServerCallStreamObserver<PutResponse> out;
    private final Trace trace = Trace.current();

    // All of these only under this object's lock.

    /** Null until the header came. */
    private @Nullable ReceivedPut received;

    /** Null until a replica took the user in. */
    private @Nullable PutUpload upload;

    private boolean asked;
    private boolean ended;
    private boolean proposed;
    private boolean over;

    private volatile long movedAtNanos;

    private PutCall(Toolbox box, ServerCallStreamObserver<PutResponse> out) {
        this.box = box;
        this.out = out;
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
            if (received == null || received.finish() == null) {
                long came = received == null ? 0 : received.size();
                throw new TintypeException(
                        Reason.INCOMPLETE_UPLOAD,
                        "the stream ended after " + came + " bytes without its finish part; nothing was stored");
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
        if (received == null) {
            throw Requests.invalid("the first message has no header; send it first, alone or with the first frame");
        }
        received.add(message);
    }

    private void start(PutHeader header) {
        if (received != null) {
            throw Requests.invalid("header came twice; only the first message may carry it");
        }
        var spec = box.spec(header);
        if (trace.isRecording()) {
            trace.set("tintype.request.id", spec.requestId().toString());
        }
        received = new ReceivedPut(spec, box.uploads(), box.limits().maxBlobBytes());
        if (box.uploads().isFuller(ADMISSION)) {
            throw box.uploads().refusal();
        }
        var unused = box.forBytes(spec.user(), header.getShard())
                .whenComplete((taker, failure) -> admitted(spec, taker, failure));
    }

    private synchronized void admitted(PutSpec spec, Toolbox.@Nullable Taker taker, @Nullable Throwable failure) {
        guarded(() -> {
            if (taker == null) {
                throw Futures.unchecked(failure);
            }
            upload = new PutUpload(box, taker, spec, trace);
            advance();
        });
    }

    /** Does all that can be done now. */
    private void advance() {
        var came = received;
        var to = upload;
        if (isDone() || came == null || to == null) {
            return;
        }
        boolean large = came.isLarge();
        while (large && !isDone() && to.hasRoom() && came.isFull()) {
            to.stage(came.handOver(), this::staged);
        }
        if (!isDone() && ended && large && came.hasBytes() && to.hasRoom()) {
            to.stage(came.handOver(), this::staged);
        }
        if (isDone()) {
            return; // a chunk was staged, or refused, before stage() returned: what follows from that was done inside
        }
        var finish = came.finish();
        if (ended && finish != null) {
            if (to.isIdle() && !(large && came.hasBytes())) {
                propose(came, finish, to);
            }
        } else if (!asked && !came.isFull()) {
            asked = true;
            out.request(1);
        }
    }

    /** Nothing is to be done for this upload any more but to answer. */
    private boolean isDone() {
        return over || proposed;
    }

    private synchronized void staged(PutUpload to, int bytes, @Nullable Throwable failure) {
        to.stagingEnded(bytes);
        if (over) {
            if (!proposed && to.isIdle()) {
                to.abort(); // the upload ended while this was under way
            }
            return;
        }
        guarded(() -> {
            Futures.rethrow(failure);
            advance();
        });
    }

    private void propose(ReceivedPut came, PutFinish agreed, PutUpload to) {
        var inline = came.isLarge() ? null : came.inline();
        came.spec().age().check(box.stalls().now());
        proposed = true;
        CompletableFuture<Committed> committing;
        try {
            committing = to.commit(agreed, inline);
        } catch (RuntimeException | Error e) {
            proposed = false; // whoever ends this lets go of the chunks
            throw e;
        }
        var unused = committing.whenComplete((committed, failure) -> answer(to, committed, failure));
        // Only now: a node that stops waits for it before it hands the shard over.
        box.stalls().forget(this);
    }

    private synchronized void answer(PutUpload to, @Nullable Committed committed, @Nullable Throwable failure) {
        guarded(() -> {
            if (committed == null) {
                // Safe even where the commit may yet turn out to be in the log: the abort comes behind it, and gives up
                // no upload that a record before it completed (BlobRules.abortUpload).
                to.abort();
                throw Futures.unchecked(failure);
            }
            var stored = to.settle(committed);
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
        if (received != null && upload != null) {
            box.gate().learn(upload.shard(), received.spec().user(), failure);
        }
        end();
        var request = received == null ? null : received.spec().requestId();
        box.failures().end(out, failure, new Failures.Call("Put", request, trace));
    }

    private void end() {
        over = true;
        box.stalls().forget(this);
        if (received != null) {
            received.close();
        }
        if (upload != null && !proposed && upload.isIdle()) {
            upload.abort();
        }
    }
}
