// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.metrics;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Times gRPC calls. The timers of a method are found once and kept, since looking one up costs more than using it.
 * Thread-safe.
 */
final class CallMetrics implements ServerInterceptor {
    /** Methods with timers of their own; made-up names, which no service has, must not fill the memory. */
    private static final int MOST_METHODS = 256;

    private final MeterRegistry registry;
    private final Map<String, AtomicReferenceArray<Timer>> timers = new ConcurrentHashMap<>();

    CallMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        long start = System.nanoTime();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        timer(getMethodDescriptor(), status.getCode())
                                .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
                        super.close(status, trailers);
                    }
                },
                headers);
    }

    private Timer timer(MethodDescriptor<?, ?> method, Status.Code code) {
        var name = method.getFullMethodName();
        var known = timers.get(name);
        if (known == null) {
            known = timers.size() < MOST_METHODS
                    ? timers.computeIfAbsent(name, unused -> new AtomicReferenceArray<>(Status.Code.values().length))
                    : new AtomicReferenceArray<>(Status.Code.values().length);
        }
        var timer = known.get(code.value());
        if (timer == null) {
            timer = Timer.builder("tintype_grpc_server_calls")
                    .description("gRPC calls answered, and how long they took.")
                    .tag("method", timers.containsKey(name) ? name : "other")
                    .tag("status", code.name())
                    .register(registry);
            known.set(code.value(), timer);
        }
        return timer;
    }
}
