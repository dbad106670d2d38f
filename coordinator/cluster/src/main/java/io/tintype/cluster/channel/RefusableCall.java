// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A call that may be ended from below its handler. Whoever ends it first decides how; what the handler does with it
 * afterwards is dropped.
 */
final class RefusableCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final AtomicBoolean closed = new AtomicBoolean();

    RefusableCall(ServerCall<Q, A> call) {
        super(call);
    }

    @Override
    public void close(Status status, Metadata trailers) {
        if (!closed.getAndSet(true)) {
            super.close(status, trailers);
        }
    }

    @Override
    public void sendHeaders(Metadata headers) {
        if (!closed.get()) {
            super.sendHeaders(headers);
        }
    }

    @Override
    public void sendMessage(A message) {
        if (!closed.get()) {
            super.sendMessage(message);
        }
    }

    /** Its listener: to the handler, a refused call is one whose client went away. */
    static final class Listening<Q> extends SimpleForwardingServerCallListener<Q> {
        private final RefusableCall<Q, ?> call;
        private final AtomicBoolean refused = new AtomicBoolean();

        Listening(RefusableCall<Q, ?> call, ServerCall.Listener<Q> next) {
            super(next);
            this.call = call;
        }

        void refuse(TintypeException why) {
            if (refused.getAndSet(true)) {
                return;
            }
            var failure = Errors.toWire(why);
            var trailers = failure.getTrailers();
            call.close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
            super.onCancel();
        }

        @Override
        public void onMessage(Q message) {
            if (!refused.get()) {
                super.onMessage(message);
            }
        }

        @Override
        public void onHalfClose() {
            if (!refused.get()) {
                super.onHalfClose();
            }
        }

        @Override
        public void onReady() {
            if (!refused.get()) {
                super.onReady();
            }
        }

        @Override
        public void onCancel() {
            if (!refused.get()) {
                super.onCancel();
            }
        }

        @Override
        public void onComplete() {
            if (!refused.get()) {
                super.onComplete();
            }
        }
    }
}
