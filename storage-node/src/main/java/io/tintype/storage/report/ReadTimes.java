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
 * How long the calls of a service take to their first answer, over the last ten to twenty seconds, and over the last second and a
 * half that is over, which nobody who asks every two seconds is told of twice: what tells the controller that moving replicas is felt. Thread-safe; never blocks, and allocates only what belongs to a
 * call.
 */
public final class ReadTimes implements ServerInterceptor {
    private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long RECENT_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final int STEPS = 8;
    private static final int BUCKETS = 64 * STEPS;
    private static final int FEWEST = 20;
    private static final double PERCENTILE = 0.99;

    private final LongSupplier nanoTime;
    private final Windows lately;
    private final Windows recently;

    /** Over a clock of nanoseconds. */
    public ReadTimes(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.lately = new Windows(LONG_NANOS);
        this.recently = new Windows(RECENT_NANOS);
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
        int bucket = bucket(Math.max(0, nanos / 1_000));
        lately.now().incrementAndGet(bucket);
        recently.now().incrementAndGet(bucket);
    }

    /**
     * Microseconds that 99 of 100 calls of the last ten seconds or so stayed below, within an eighth, and all but one where they
     * were fewer: one alone tells nothing. 0: there were too few for that.
     */
    public long p99Micros() {
        return lately.p99Micros();
    }

    /** Reads of the last second and a half that is over, and how many of them took longer than that, within an eighth. */
    public Recent recent(long slowMicros) {
        return recently.former(slowMicros);
    }

    /** Calls, and how many of them were slow. Immutable. */
    public record Recent(long calls, long slow) {}

    /** The window that is being filled, and the one before it. */
    private final class Windows {
        private final long windowNanos;
        private AtomicLongArray current = new AtomicLongArray(BUCKETS);
        private AtomicLongArray former = new AtomicLongArray(BUCKETS);
        private long ends;

        Windows(long windowNanos) {
            this.windowNanos = windowNanos;
            this.ends = nanoTime.getAsLong() + windowNanos;
        }

        synchronized AtomicLongArray now() {
            long now = nanoTime.getAsLong();
            if (now - ends > 0) {
                boolean gap = now - ends > windowNanos;
                former = gap ? new AtomicLongArray(BUCKETS) : current;
                current = new AtomicLongArray(BUCKETS);
                ends = now + windowNanos;
            }
            return current;
        }

        synchronized Recent former(long slowMicros) {
            var unused = now();
            long calls = 0;
            long slow = 0;
            for (int i = 0; i < BUCKETS; i++) {
                calls += former.get(i);
                slow += i > bucket(slowMicros) ? former.get(i) : 0;
            }
            return new Recent(calls, slow);
        }

        synchronized long p99Micros() {
            var now = now();
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
                if (seen >= Math.min(total - 1, (long) Math.ceil(total * PERCENTILE))) {
                    return upper(i);
                }
            }
            return upper(BUCKETS - 1);
        }
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
