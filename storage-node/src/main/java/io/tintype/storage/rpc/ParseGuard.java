// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;

/**
 * Answers a message that cannot be read, such as text that is no UTF-8, as the caller's mistake; gRPC by itself would take
 * it for a bug of the server. Stateless and thread-safe.
 */
final class ParseGuard implements ServerInterceptor {
    private ParseGuard() {}

    /** The service with messages read inside the guard. */
    static ServerServiceDefinition around(BindableService service) {
        return ServerInterceptors.intercept(
                ServerInterceptors.useInputStreamMessages(service.bindService()), new ParseGuard());
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean refused;

            @Override
            public void onMessage(Q message) {
                if (refused) {
                    return;
                }
                try {
                    super.onMessage(message);
                } catch (StatusRuntimeException e) {
                    if (!(e.getCause() instanceof InvalidProtocolBufferException unreadable)) {
                        throw e;
                    }
                    refused = true;
                    var failure = Errors.toWire(new TintypeException(
                            Reason.INVALID_ARGUMENT, "the request cannot be read: " + unreadable.getMessage()));
                    var trailers = failure.getTrailers();
                    call.close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
                    super.onCancel(); // lets go of what the call holds
                }
            }

            @Override
            public void onHalfClose() {
                if (!refused) {
                    super.onHalfClose();
                }
            }
        };
    }
}
