// SPDX-License-Identifier: Apache-2.0
package io.tintype.trace;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.opentelemetry.api.trace.SpanKind;

/** Makes calls to other processes parts of the trace they are made for, and tells those. Stateless and thread-safe. */
public final class TracedCalls implements ClientInterceptor {
    /** The only one there need be. */
    public static final TracedCalls INSTANCE = new TracedCalls();

    /** The header as gRPC knows it. */
    public static final Metadata.Key<String> HEADER =
            Metadata.Key.of(TraceParent.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    private TracedCalls() {}

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        var own = options.getOption(Trace.OF_CALL);
        var trace = own == Trace.NONE ? Trace.current() : own;
        if (trace == Trace.NONE) {
            return next.newCall(method, options);
        }
        var call = trace.child(method.getFullMethodName(), SpanKind.CLIENT).set("rpc.system", "grpc");
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                var header = call.header();
                if (header != null) {
                    headers.put(HEADER, header);
                }
                super.start(call.isRecording() ? ending(listener, call, next.authority()) : listener, headers);
            }
        };
    }

    private static <R> ClientCall.Listener<R> ending(ClientCall.Listener<R> listener, Trace call, String server) {
        call.set("server.address", server);
        return new SimpleForwardingClientCallListener<>(listener) {
            @Override
            public void onClose(Status status, Metadata trailers) {
                call.set("rpc.grpc.status_code", status.getCode().value());
                call.end(status.isOk() ? null : status.asRuntimeException(trailers));
                super.onClose(status, trailers);
            }
        };
    }
}
