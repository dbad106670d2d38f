// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.wire.Rebinding;
import java.io.InputStream;

/**
 * Counts what never becomes a message here: more bytes than one may have, and bytes that are none, such as one cut short.
 * gRPC refuses them itself, before any service sees them, and ends their stream; nothing is changed by them.
 *
 * <p>Stateless and thread-safe.
 */
public final class Unreadable {
    /** How gRPC puts it; it has no other sign of its own. */
    private static final String TOO_LARGE = "exceeds maximum size";

    private Unreadable() {}

    /** For the server that others call: counts messages that are too large. */
    public static ServerStreamTracer.Factory tooLarge(MeterRegistry registry) {
        var metrics = new PeerMetrics(registry);
        return new ServerStreamTracer.Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
                return new ServerStreamTracer() {
                    @Override
                    public void streamClosed(Status status) {
                        count(status, metrics);
                    }
                };
            }
        };
    }

    /** The service, counting requests that are no messages. */
    static ServerServiceDefinition counted(ServerServiceDefinition service, PeerMetrics metrics) {
        return Rebinding.apply(service, new Rebinding() {
            @Override
            public <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method) {
                var descriptor = method.getMethodDescriptor();
                return ServerMethodDefinition.create(
                        descriptor.toBuilder(
                                        new CountingMarshaller<>(descriptor.getRequestMarshaller(), metrics),
                                        descriptor.getResponseMarshaller())
                                .build(),
                        method.getServerCallHandler());
            }
        });
    }

    /** For streams that this node opened: counts it, if they broke because of what came. */
    static void count(Throwable failure, PeerMetrics metrics) {
        count(Status.fromThrowable(failure), metrics);
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidProtocolBufferException) {
                metrics.unreadable();
                return;
            }
        }
    }

    private static void count(Status status, PeerMetrics metrics) {
        var description = status.getDescription();
        if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                && description != null
                && description.contains(TOO_LARGE)) {
            metrics.tooLarge();
        }
    }

    private record CountingMarshaller<Q>(Marshaller<Q> marshaller, PeerMetrics metrics) implements Marshaller<Q> {
        @Override
        public InputStream stream(Q message) {
            return marshaller.stream(message);
        }

        @Override
        public Q parse(InputStream stream) {
            try {
                return marshaller.parse(stream);
            } catch (RuntimeException e) {
                metrics.unreadable();
                throw e;
            }
        }
    }
}
