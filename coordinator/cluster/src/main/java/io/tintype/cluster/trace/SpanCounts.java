// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.trace;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.util.function.Predicate;

/** Reads what OpenTelemetry's own queue says of itself. Thread-safe; never blocks. */
final class SpanCounts implements MetricReader {
    private static final String PROCESSED = "otel.sdk.processor.span.processed";
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    private volatile CollectionRegistration registration = CollectionRegistration.noop();

    /** Spans that went to the receiver. */
    double processed() {
        return sum(error -> !error);
    }

    /** Spans that were lost on the way there. */
    double dropped() {
        return sum(error -> error);
    }

    private double sum(Predicate<Boolean> failed) {
        return registration.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(PROCESSED))
                .flatMap(metric -> metric.getLongSumData().getPoints().stream())
                .filter(point -> failed.test(point.getAttributes().get(ERROR) != null))
                .mapToLong(point -> point.getValue())
                .sum();
    }

    @Override
    public void register(CollectionRegistration found) {
        registration = found;
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType instrument) {
        return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }
}
