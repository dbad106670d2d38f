// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.checksum.Crc32c;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.SentMark;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One try at sending a blob whole. Frames go out as the connection takes them, so that no more than {@link
 * #READY_BYTES} and one frame wait in memory.
 *
 * <p>Whoever has the pump sends: {@code work} counts the reasons to look again, and only who raises it from 0 runs.
 */
final class PutStream extends ClientCall.Listener<PutResponse> implements StallWatch.Watched {
    /** Size of a frame: a small image is one. */
    static final int FRAME_BYTES = Limits.INLINE_BYTES;

    /** Below how many unsent bytes the next frame is handed to the connection. */
    static final int READY_BYTES = 512 << 10;

    private final ClientCall<PutRequest, PutResponse> call;
    private final PutHeader header;
    private final Op op;
    private final StallWatch stalls;
    private final @Nullable Executor pumpers;
    private final CompletableFuture<PutResponse> result = new CompletableFuture<>();
    private final SentMark mark = new SentMark();
    private final AtomicInteger work = new AtomicInteger();
    private final Crc32c.Running sum = new Crc32c.Running();

    private ByteSource.@Nullable Cursor cursor;
    private boolean begun;
    private volatile boolean finishSent;
    private volatile boolean closed;
    private volatile long waitingSince = Long.MAX_VALUE;
    private volatile @Nullable Throwable sourceFailure;
    private volatile @Nullable CallFailure clientFailure;
    private @Nullable PutResponse response;

    /** What every try of one upload has in common: the header, the operation, and what watches over it. */
    record Shared(PutHeader header, Op op, StallWatch stalls, Executor workers) {}

    private PutStream(Channel channel, CallOptions options, Shared shared, boolean blocks) {
        call = channel.newCall(BlobUploadGrpc.getPutMethod(), mark.mark(options).withOnReadyThreshold(READY_BYTES));
        header = shared.header;
        op = shared.op;
        stalls = shared.stalls;
        pumpers = blocks ? shared.workers : null;
    }

    /**
     * Sends everything that the source gives.
     *
     * @return fails with {@link CallFailure}, or {@link UncheckedIOException} where the source fails; null where the source
     *     cannot begin again
     */
    static @Nullable CompletableFuture<PutResponse> send(Channel channel, Shared shared, ByteSource source)
            throws IOException {
        var stream = new PutStream(channel, shared.op.transferOptions(), shared, source.blocks());
        var cursor = source.open(stream::pump);
        if (cursor == null) {
            stream.call.cancel("never begun", null);
            return null;
        }
        stream.cursor = cursor;
        return stream.start();
    }

    private CompletableFuture<PutResponse> start() {
        try {
            call.start(this, new Metadata());
            op.onCancel(() -> call.cancel("cancelled by the caller", null));
            call.request(2);
            waitingSince = System.nanoTime();
            stalls.add(this);
            pump();
        } catch (RuntimeException | Error e) { // the call may never have begun, and then nothing tells of its end
            call.cancel("it could not begin", e);
            over(() -> result.completeExceptionally(e));
        }
        return result;
    }

    private void pump() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        if (pumpers == null) {
            runPump();
            return;
        }
        try {
            pumpers.execute(this::runPump);
        } catch (RuntimeException | Error e) { // the client was closed, or there is no thread: nobody else has the pump
            closed = true;
            sourceFailure = e;
            call.cancel("nobody is left to send the bytes", e);
            runPump();
        }
    }

    private void runPump() {
        int seen = work.get();
        while (seen != 0) {
            if (closed) {
                closeCursor();
            } else {
                sendWhatFits();
            }
            seen = work.addAndGet(-seen);
        }
    }

    private void sendWhatFits() {
        var from = cursor;
        // The first message need not wait for the connection: that saves small images a turn.
        while (from != null && !finishSent && !closed && (!begun || call.isReady())) {
            waitingSince = Long.MAX_VALUE;
            ByteString bytes;
            boolean last;
            try {
                bytes = from.next(FRAME_BYTES);
                last = from.atEnd();
            } catch (IOException | RuntimeException | Error e) { // who waits is to hear of it, whatever it is
                sourceFailure = e;
                call.cancel("the source of the bytes failed", e);
                return;
            }
            if (bytes == null) {
                return;
            }
            try {
                send(bytes, last);
            } catch (IllegalStateException cancelled) {
                // The call was cancelled meanwhile; its end says why.
                return;
            } catch (RuntimeException | Error e) { // such as no memory for the message, which was not sent then
                finishSent = false;
                sourceFailure = e;
                call.cancel("the bytes cannot be sent", e);
                return;
            }
        }
        waitingSince = System.nanoTime();
    }

    private void closeCursor() {
        var from = cursor;
        cursor = null;
        try {
            if (from != null) {
                from.close();
            }
        } catch (RuntimeException e) {
            // Everything that was wanted of it has been read; that it does not close well changes nothing.
        }
    }

    private void send(ByteString bytes, boolean last) {
        var message = PutRequest.newBuilder();
        if (!begun) {
            message.setHeader(header);
            begun = true;
        }
        if (!bytes.isEmpty()) {
            int crc = Crc32c.of(bytes);
            message.setFrame(DataFrame.newBuilder()
                    .setOffset(sum.length())
                    .setData(bytes)
                    .setCrc32C(crc));
            sum.add(crc, bytes.size());
        }
        if (last) {
            message.setFinish(PutFinish.newBuilder().setSize(sum.length()).setCrc32C(sum.crc()));
            finishSent = true;
        }
        call.sendMessage(message.build());
        op.progress(bytes.size());
        if (last) {
            call.halfClose();
        }
    }

    @Override
    public void onReady() {
        pump();
    }

    @Override
    public void onMessage(PutResponse message) {
        response = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        over(() -> settle(status, trailers));
    }

    private void over(Runnable settle) {
        closed = true;
        stalls.remove(this);
        settle.run();
        pump(); // which closes the cursor; last, for that may take a while
    }

    private void settle(Status status, Metadata trailers) {
        var answer = response;
        Throwable broken = sourceFailure;
        if (broken != null && !finishSent) {
            result.completeExceptionally(
                    broken instanceof IOException e
                            ? new UncheckedIOException("reading the bytes of blob '" + header.getName() + "' failed", e)
                            : broken);
        } else if (!status.isOk() || answer == null || !finishSent) {
            result.completeExceptionally(failure(status.isOk() ? Status.INTERNAL : status, trailers));
        } else if (answer.getHead().getSize() != sum.length()
                || answer.getHead().getCrc32C() != sum.crc()) {
            result.completeExceptionally(CallFailure.of(
                    Reason.CORRUPT_DATA,
                    "the cluster says it stored other bytes than were sent as '" + header.getName()
                            + "'; do not rely on version "
                            + answer.getHead().getEtag()));
        } else {
            result.complete(answer);
        }
    }

    private CallFailure failure(Status status, Metadata trailers) {
        var own = clientFailure;
        var failure = own != null ? own : CallFailure.of(status, trailers, mark.isSent());
        if (finishSent && failure.leavesChangeInDoubt()) {
            op.maybeApplied();
        }
        return failure;
    }

    @Override
    public long waitingSinceNanos() {
        return waitingSince;
    }

    @Override
    public void stalled(Duration timeout) {
        clientFailure = CallFailure.stalled("the upload of '" + header.getName() + "'", timeout, mark.isSent());
        call.cancel("stalled", null);
    }
}
