// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.trace;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.tintype.trace.Trace;
import io.tintype.trace.TracedCalls;

/** Traces the calls to a server: the handlers find the trace of theirs in gRPC's context. Thread-safe. */
public final class ServerTraces implements ServerInterceptor {
    /** Services of which calls are traced that no caller has decided about: those that users call for blobs. */
    private static final String BLOBS = "tintype.v1.Blob";

    /** Lasts as long as its client. */
    private static final String ENDLESS = "WatchHeads";

    private final Tracing tracing;
    private final boolean passesOn;

    private ServerTraces(Tracing tracing, boolean passesOn) {
        this.tracing = tracing;
        this.passesOn = passesOn;
    }

    /** Of a process that asks others for what it is asked for: it tells them also which calls are not to be traced. */
    public static ServerTraces passingOn(Tracing tracing) {
        return new ServerTraces(tracing, true);
    }

    /** Of a process that nobody comes after who would decide anew: a call that is not traced costs nothing more in it. */
    public static ServerTraces last(Tracing tracing) {
        return new ServerTraces(tracing, false);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (!tracing.isOn()) {
            return next.startCall(call, headers);
        }
        var method = call.getMethodDescriptor();
        var header = headers.get(TracedCalls.HEADER);
        var name = method.getFullMethodName();
        var trace = name.startsWith(BLOBS) && !ENDLESS.equals(method.getBareMethodName())
                ? tracing.begin(name, header)
                : tracing.proceed(name, header);
        if (trace == Trace.NONE || (trace == Trace.NOT_SAMPLED && !passesOn)) {
            return next.startCall(call, headers);
        }
        trace.set("rpc.system", "grpc");
        var context = trace.in(Context.current());
        return Contexts.interceptCall(context, trace.isRecording() ? ending(call, trace) : call, headers, next);
    }

    private static <Q, A> ServerCall<Q, A> ending(ServerCall<Q, A> call, Trace trace) {
        Context.current()
                .addListener(
                        cancelled -> trace.end(cancelled.cancellationCause()), // also when the client went away
                        Runnable::run);
        return new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
                trace.set("rpc.grpc.status_code", status.getCode().value());
                trace.end(status.isOk() ? null : status.asRuntimeException(trailers));
                super.close(status, trailers);
            }
        };
    }
}
