// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Counts and times one kind of operation. Thread-safe. */
final class Tally {
    private static final long LONGEST_NANOS = 3_600_000_000_000L;
    private static final int DIGITS = 3;

    private final ConcurrentHistogram latencies = new ConcurrentHistogram(LONGEST_NANOS, DIGITS);
    private final LongAdder bytes = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /** One operation succeeded. */
    void succeeded(long nanos, long size) {
        latencies.recordValue(Math.min(Math.max(nanos, 0), LONGEST_NANOS));
        bytes.add(size);
    }

    /** One operation failed. */
    void failed() {
        failures.increment();
    }

    /** Operations that succeeded so far. */
    long count() {
        return latencies.getTotalCount();
    }

    /** Operations that failed so far. */
    long failures() {
        return failures.sum();
    }

    /** The latencies, in nanoseconds, of those that succeeded so far. */
    Histogram latencies() {
        return latencies.copy();
    }

    /** Bytes moved so far. */
    long bytes() {
        return bytes.sum();
    }
}
