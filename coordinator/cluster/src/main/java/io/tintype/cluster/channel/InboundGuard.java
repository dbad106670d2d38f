// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the memory of messages that have not come whole yet. gRPC gathers each call's message as it comes, whatever the
 * flow control window, and tells nobody before its last byte is there: thousands of slow uploads would hold as many
 * messages. Here every piece is counted as it comes, and the call for which no room is left is refused.
 *
 * <p>The first {@link #FREE_BYTES} of a message do not count, so that requests to read are never refused for the sake of
 * uploads. A message over the limit of a single one is refused here too, with a reason; the transport gives none.
 *
 * <p>Thread-safe. Always: what is in use is what the incomplete messages of all calls hold, and never above the limit.
 */
final class InboundGuard extends ServerStreamTracer.Factory implements ServerInterceptor {
    /** What a message may hold without being counted. */
    static final int FREE_BYTES = 8 << 10;

    /** What a piece holds besides the buffer it was read into, about. */
    static final int PIECE_BYTES = 256;

    /**
     * How many times its bytes a piece holds, at most: as long as it is there, so is the buffer it was read into, which is twice as
     * large as a full frame ({@link GrpcMemory#READS}); smaller ones are copied out of it ({@link SmallFrames}).
     */
    static final int HELD_TIMES = 2;

    private static final Duration RETRY_AFTER = Duration.ofMillis(250);

    private final int maxMessageBytes;
    private final long limit;
    private final AtomicLong used = new AtomicLong();

    /**
     * A guard of calls that hold nothing yet.
     *
     * @param maxMessageBytes most bytes of one message
     * @param limit most bytes of memory that all messages which have not come whole may hold
     */
    InboundGuard(int maxMessageBytes, long limit) {
        this.maxMessageBytes = maxMessageBytes;
        this.limit = limit;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new InboundMessage(this);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        var message = InboundMessage.KEY.get();
        if (message == null) {
            return next.startCall(call, headers);
        }
        var guarded = new RefusableCall<>(call);
        var listener = new RefusableCall.Listening<>(guarded, next.startCall(guarded, headers));
        message.onRefusal(listener::refuse);
        return listener;
    }

    /** Bytes in use. */
    long used() {
        return used.get();
    }

    /** What a piece of so many bytes holds. */
    static long held(long pieceBytes) {
        return HELD_TIMES * pieceBytes + PIECE_BYTES;
    }

    boolean tryTake(long bytes) {
        if (used.addAndGet(bytes) > limit) {
            used.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void give(long bytes) {
        used.addAndGet(-bytes);
    }

    boolean isTooLarge(long messageBytes) {
        return messageBytes > maxMessageBytes;
    }

    TintypeException tooLarge() {
        return new TintypeException(
                Reason.MESSAGE_TOO_LARGE,
                "the message has more than " + maxMessageBytes + " bytes; send a blob's bytes in frames");
    }

    TintypeException overloaded() {
        return new TintypeException(
                Reason.OVERLOADED,
                "messages that have not come whole yet hold the " + limit
                        + " bytes that this server allows; try again a little later, or another node",
                RETRY_AFTER);
    }
}
