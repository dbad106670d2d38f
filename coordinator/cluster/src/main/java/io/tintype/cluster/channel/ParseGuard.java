// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Aliasing;
import io.tintype.wire.Errors;
import io.tintype.wire.Rebinding;
import java.io.InputStream;

/**
 * Answers a message that cannot be read, such as text that is no UTF-8, or that never comes, as the caller's mistake; gRPC by itself would take
 * it for a bug of the server. Stateless and thread-safe.
 *
 * <p>Only requests pass through it: answers, which carry the bytes, go the shortest way.
 */
public final class ParseGuard {
    private ParseGuard() {}

    /** The service with requests read inside the guard, their bytes not copied. */
    public static ServerServiceDefinition aliasing(BindableService service) {
        return around(Aliasing.bind(service));
    }

    /** The service with requests read inside the guard. */
    public static ServerServiceDefinition around(ServerServiceDefinition service) {
        return Rebinding.apply(service, ParseGuard::guarded);
    }

    private static <Q, A> ServerMethodDefinition<Q, A> guarded(ServerMethodDefinition<Q, A> method) {
        var descriptor = method.getMethodDescriptor();
        var handler = method.getServerCallHandler();
        return ServerMethodDefinition.create(
                descriptor.toBuilder(
                                new GuardedMarshaller<>(descriptor.getRequestMarshaller()),
                                descriptor.getResponseMarshaller())
                        .build(),
                (call, headers) -> new GuardedListener<>(call, handler.startCall(call, headers)));
    }

    /** Stands where a request should, from the marshaller to the listener, which alone sees it. */
    private record Unreadable(String why) {}

    private record GuardedMarshaller<Q>(Marshaller<Q> marshaller) implements Marshaller<Q> {
        @Override
        public InputStream stream(Q message) {
            return marshaller.stream(message);
        }

        @Override
        @SuppressWarnings(
                "unchecked") // between here and the listener nobody knows the type; what throws here ends the call
        public Q parse(InputStream stream) {
            try {
                return marshaller.parse(stream);
            } catch (StatusRuntimeException e) {
                if (e.getCause() instanceof InvalidProtocolBufferException unreadable) {
                    return (Q) new Unreadable(String.valueOf(unreadable.getMessage()));
                }
                throw e;
            }
        }
    }

    private static final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
        private final ServerCall<Q, ?> call;
        private boolean asked;
        private boolean refused;

        GuardedListener(ServerCall<Q, ?> call, ServerCall.Listener<Q> next) {
            super(next);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            if (message instanceof Unreadable unreadable) {
                refuse("the request cannot be read: " + unreadable.why());
            } else if (!refused) {
                asked = true;
                super.onMessage(message);
            }
        }

        @Override
        public void onHalfClose() {
            if (!asked && !refused && call.getMethodDescriptor().getType().clientSendsOneMessage()) {
                refuse("the call ended before its request came");
            } else if (!refused) {
                super.onHalfClose();
            }
        }

        private void refuse(String why) {
            refused = true;
            var failure = Errors.toWire(new TintypeException(Reason.INVALID_ARGUMENT, why));
            var trailers = failure.getTrailers();
            call.close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
            super.onCancel(); // lets go of what the call holds
        }
    }
}
