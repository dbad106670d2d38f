// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.report;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * How long the calls of a service take to their first answer, over the last ten to twenty seconds: what tells the controller
 * that moving replicas is felt. Thread-safe; never blocks, and allocates only what belongs to a call.
 */
public final class ReadTimes implements ServerInterceptor {
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int STEPS = 8;
    private static final int BUCKETS = 64 * STEPS;
    private static final int FEWEST = 20;
    private static final double PERCENTILE = 0.99;

    private final LongSupplier nanoTime;
    private AtomicLongArray current = new AtomicLongArray(BUCKETS);
    private AtomicLongArray former = new AtomicLongArray(BUCKETS);
    private long windowEnds;

    /** Over a clock of nanoseconds. */
    public ReadTimes(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.windowEnds = nanoTime.getAsLong() + WINDOW_NANOS;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        long began = nanoTime.getAsLong();
        var first = new AtomicBoolean();
        return next.startCall(
                new SimpleForwardingServerCall<Q, R>(call) {
                    @Override
                    public void sendMessage(R message) {
                        if (first.compareAndSet(false, true)) {
                            record(nanoTime.getAsLong() - began);
                        }
                        super.sendMessage(message);
                    }
                },
                headers);
    }

    /** A call took so long. */
    void record(long nanos) {
        window().incrementAndGet(bucket(Math.max(0, nanos / 1_000)));
    }

    /** Microseconds that 99 of 100 calls stayed below, within an eighth; 0: there were too few. */
    public synchronized long p99Micros() {
        var now = window();
        var before = former;
        long total = 0;
        for (int i = 0; i < BUCKETS; i++) {
            total += now.get(i) + before.get(i);
        }
        if (total < FEWEST) {
            return 0;
        }
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += now.get(i) + before.get(i);
            if (seen >= Math.ceil(total * PERCENTILE)) {
                return upper(i);
            }
        }
        return upper(BUCKETS - 1);
    }

    private synchronized AtomicLongArray window() {
        long now = nanoTime.getAsLong();
        if (now - windowEnds > 0) {
            boolean gap = now - windowEnds > WINDOW_NANOS;
            former = gap ? new AtomicLongArray(BUCKETS) : current;
            current = new AtomicLongArray(BUCKETS);
            windowEnds = now + WINDOW_NANOS;
        }
        return current;
    }

    private static int bucket(long micros) {
        long value = micros + STEPS;
        int exponent = 63 - Long.numberOfLeadingZeros(value);
        int step = (int) ((value >>> (exponent - 3)) & (STEPS - 1));
        return Math.min(BUCKETS - 1, (exponent - 3) * STEPS + step);
    }

    private static long upper(int bucket) {
        int exponent = bucket / STEPS + 3;
        long step = bucket % STEPS;
        return (((STEPS + step + 1) << (exponent - 3)) - 1) - STEPS;
    }
}
