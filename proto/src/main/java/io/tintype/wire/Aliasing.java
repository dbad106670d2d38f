// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Reads messages so that their {@code bytes} fields are slices of one array instead of copies: for services whose
 * messages carry images. Stateless but for what it remembers of methods; thread-safe.
 *
 * <p>The price: every such field keeps the whole message in memory. Whoever keeps a small field of a large message for
 * long copies it.
 */
public final class Aliasing implements ClientInterceptor {
    /** For clients: {@code stub.withInterceptors(Aliasing.CLIENT)}. */
    public static final Aliasing CLIENT = new Aliasing();

    private final Map<MethodDescriptor<?, ?>, MethodDescriptor<?, ?>> methods = new ConcurrentHashMap<>();

    private Aliasing() {}

    /** For servers: the same service, reading requests so. */
    public static ServerServiceDefinition bind(BindableService service) {
        return Rebinding.apply(service.bindService(), Aliasing::of);
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        @SuppressWarnings("unchecked") // the map holds each method under itself
        var aliased = (MethodDescriptor<Q, A>) methods.computeIfAbsent(method, Aliasing::of);
        return next.newCall(aliased, options);
    }

    private static <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method) {
        return ServerMethodDefinition.create(of(method.getMethodDescriptor()), method.getServerCallHandler());
    }

    private static <Q, A> MethodDescriptor<Q, A> of(MethodDescriptor<Q, A> method) {
        return method.toBuilder(of(method.getRequestMarshaller()), of(method.getResponseMarshaller()))
                .build();
    }

    private static <T> Marshaller<T> of(Marshaller<T> marshaller) {
        return marshaller instanceof PrototypeMarshaller<T> known
                        && known.getMessagePrototype() instanceof MessageLite prototype
                ? new AliasingMarshaller<>(known, prototype)
                : marshaller;
    }

    private record AliasingMarshaller<T>(PrototypeMarshaller<T> marshaller, MessageLite prototype)
            implements PrototypeMarshaller<T> {
        @Override
        public T getMessagePrototype() {
            return marshaller.getMessagePrototype();
        }

        @Override
        public Class<T> getMessageClass() {
            return marshaller.getMessageClass();
        }

        @Override
        public InputStream stream(T message) {
            return marshaller.stream(message);
        }

        @Override
        public T parse(InputStream stream) {
            if (!(stream instanceof KnownLength)) {
                return marshaller.parse(stream);
            }
            try {
                var bytes = new byte[stream.available()]; // readNBytes(int) would gather it in pieces and copy them
                if (stream.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                    throw new EOFException();
                }
                var in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
                in.enableAliasing(true);
                var message = prototype.getParserForType().parseFrom(in);
                in.checkLastTagWas(0);
                return getMessageClass().cast(message);
            } catch (InvalidProtocolBufferException e) {
                throw Status.INTERNAL
                        .withDescription(
                                "the message is no " + getMessageClass().getSimpleName())
                        .withCause(e)
                        .asRuntimeException();
            } catch (IOException e) {
                throw Status.INTERNAL
                        .withDescription("the message cannot be read")
                        .withCause(e)
                        .asRuntimeException();
            }
        }
    }
}
