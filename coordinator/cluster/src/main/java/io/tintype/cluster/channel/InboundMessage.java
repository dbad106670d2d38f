// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Context;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.tintype.model.TintypeException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The message that is coming in on one call, as {@link InboundGuard} counts it. Thread-safe; gRPC calls it on the
 * transport's thread.
 */
final class InboundMessage extends ServerStreamTracer {
    static final Context.Key<InboundMessage> KEY = Context.key("tintype-inbound-message");

    private final InboundGuard guard;
    private long bytes;
    private long weight;
    private long held;
    private boolean over;
    private @Nullable TintypeException refusal;
    private @Nullable Consumer<TintypeException> listener;

    InboundMessage(InboundGuard guard) {
        this.guard = guard;
    }

    @Override
    public Context filterContext(Context context) {
        return context.withValue(KEY, this);
    }

    /** Who is told, once, that the call is refused; at once where it has been already. */
    void onRefusal(Consumer<TintypeException> told) {
        TintypeException known;
        synchronized (this) {
            listener = told;
            known = refusal;
        }
        if (known != null) {
            told.accept(known);
        }
    }

    @Override
    public void inboundWireSize(long piece) {
        Consumer<TintypeException> told;
        TintypeException failure;
        synchronized (this) {
            failure = add(piece);
            if (failure == null) {
                return;
            }
            refusal = failure;
            told = listener;
        }
        if (told != null) {
            told.accept(failure);
        }
    }

    @Override
    public synchronized void inboundMessageRead(int number, long wireBytes, long uncompressedBytes) {
        release();
    }

    @Override
    public synchronized void streamClosed(Status status) {
        over = true;
        release();
    }

    private @Nullable TintypeException add(long piece) {
        if (over || refusal != null) {
            return null;
        }
        bytes += piece;
        weight += InboundGuard.held(piece);
        if (guard.isTooLarge(bytes)) {
            return guard.tooLarge();
        }
        long more = weight - held;
        if (weight <= InboundGuard.FREE_BYTES) {
            return null;
        }
        if (!guard.tryTake(more)) {
            return guard.overloaded();
        }
        held = weight;
        return null;
    }

    private void release() {
        guard.give(held);
        held = 0;
        bytes = 0;
        weight = 0;
    }
}
