// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.console.Humane;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What one kind of operation reached. Immutable; latencies in microseconds.
 *
 * @param operations that succeeded
 * @param failed that did not
 */
record Figures(
        long operations,
        long failed,
        double operationsPerSecond,
        double megabytesPerSecond,
        double meanMicros,
        double p50Micros,
        double p90Micros,
        double p99Micros,
        double p999Micros,
        double maxMicros) {
    /** Headings of {@link #row}. */
    static final List<String> COLUMNS = List.of(
            "operation", "count>", "failed>", "ops/s>", "MB/s>", "mean>", "p50>", "p90>", "p99>", "p99.9>", "max>");

    private static final double MICRO = 1e3;

    /** Takes the figures of a tally over a time in nanoseconds. */
    static Figures of(Tally tally, long nanos) {
        Histogram latencies = tally.latencies();
        double seconds = nanos / 1e9;
        return new Figures(
                latencies.getTotalCount(),
                tally.failures(),
                round(latencies.getTotalCount() / seconds),
                round(tally.bytes() / 1e6 / seconds),
                round(latencies.getMean() / MICRO),
                round(latencies.getValueAtPercentile(50) / MICRO),
                round(latencies.getValueAtPercentile(90) / MICRO),
                round(latencies.getValueAtPercentile(99) / MICRO),
                round(latencies.getValueAtPercentile(99.9) / MICRO),
                round(latencies.getMaxValue() / MICRO));
    }

    /** One line of a table. */
    List<String> row(String operation) {
        return List.of(
                operation,
                Long.toString(operations),
                Long.toString(failed),
                String.format(Locale.ROOT, "%.0f", operationsPerSecond),
                String.format(Locale.ROOT, "%.1f", megabytesPerSecond),
                Humane.nanos(meanMicros * MICRO),
                Humane.nanos(p50Micros * MICRO),
                Humane.nanos(p90Micros * MICRO),
                Humane.nanos(p99Micros * MICRO),
                Humane.nanos(p999Micros * MICRO),
                Humane.nanos(maxMicros * MICRO));
    }

    /** To a tenth: what a clock of this kind can tell. */
    static double round(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
