// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Objects;

/** Methods of which every call is refused before anything of it is read. Stateless and thread-safe. */
public final class RefusedMethod {
    private RefusedMethod() {}

    /**
     * A method that refuses.
     *
     * @param name its full name
     * @param why what every caller is told
     */
    public static ServerMethodDefinition<?, ?> of(String name, TintypeException why) {
        var method = MethodDescriptor.newBuilder(Unread.INSTANCE, Unread.INSTANCE)
                .setType(MethodType.UNKNOWN)
                .setFullMethodName(name)
                .build();
        return ServerMethodDefinition.create(method, (call, headers) -> {
            var failure = Errors.toWire(why);
            call.close(failure.getStatus(), Objects.requireNonNullElseGet(failure.getTrailers(), Metadata::new));
            return new ServerCall.Listener<>() {};
        });
    }

    /** One that this process does not serve; gRPC by itself would give no reason. */
    public static ServerMethodDefinition<?, ?> notServed(String name) {
        return of(
                name,
                new TintypeException(
                        Reason.NOT_SERVED_HERE,
                        name
                                + " is not served here: ask a coordinator that has the role for it, and see that client and"
                                + " server are of versions that know it"));
    }

    private enum Unread implements Marshaller<InputStream> {
        INSTANCE;

        @Override
        public InputStream stream(InputStream value) {
            return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
            return new ByteArrayInputStream(new byte[0]);
        }
    }
}
