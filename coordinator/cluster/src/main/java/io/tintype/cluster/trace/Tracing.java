// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.trace;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.InternalTelemetryVersion;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.tintype.trace.Trace;
import io.tintype.trace.TraceParent;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides which calls to a process are traced, and sends what was traced to a receiver. Thread-safe; never blocks but in
 * {@link #close}.
 *
 * <p>What the caller decided holds; where he decided nothing, {@code tracing.sampled} of the calls are traced. A receiver that
 * is away costs traces and nothing else: they wait in a queue of {@value #QUEUED_SPANS}, and are dropped beyond.
 */
public final class Tracing implements AutoCloseable {
    /** Spans that wait to be sent; more are dropped, and counted. */
    static final int QUEUED_SPANS = 4_096;

    /** Things said of one span. */
    private static final int ATTRIBUTES = 32;

    private static final int BATCH = 512;
    private static final Duration DELAY = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final long FLUSH_SECONDS = 2;

    /** Traces nothing. */
    public static final Tracing OFF = new Tracing(0, new SpanCounts(), null);

    private final double sampled;
    private final SpanCounts counts;
    private final @Nullable Sender sender;

    private record Sender(SdkTracerProvider provider, Tracer tracer) {}

    private Tracing(double sampled, SpanCounts counts, @Nullable Sender sender) {
        this.sampled = sampled;
        this.counts = counts;
        this.sender = sender;
    }

    /**
     * Begins to trace, if settings say so.
     *
     * @param service what kind of process this is
     * @param id which one
     */
    public static Tracing start(TracingSettings settings, String service, String id) {
        if (!settings.enabled()) {
            return OFF;
        }
        var counts = new SpanCounts();
        var meters = SdkMeterProvider.builder().registerMetricReader(counts).build();
        var exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(settings.url())
                .setTimeout(TIMEOUT)
                .build();
        var provider = SdkTracerProvider.builder()
                .setResource(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"), service,
                        AttributeKey.stringKey("service.instance.id"), id)))
                .setSampler(Sampler.alwaysOn()) // what comes so far has been chosen
                .setSpanLimits(SpanLimits.builder()
                        .setMaxNumberOfAttributes(ATTRIBUTES)
                        .build())
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setMaxQueueSize(QUEUED_SPANS)
                        .setMaxExportBatchSize(BATCH)
                        .setScheduleDelay(DELAY)
                        .setExporterTimeout(TIMEOUT)
                        .setInternalTelemetryVersion(InternalTelemetryVersion.LATEST)
                        .setMeterProvider(meters)
                        .build())
                .build();
        return new Tracing(settings.sampled(), counts, new Sender(provider, provider.get("io.tintype")));
    }

    /** Whether anything is traced. */
    public boolean isOn() {
        return sender != null;
    }

    /**
     * Begins with a call from outside: goes on with the caller's trace, or decides whether there is to be one.
     *
     * @param header the caller's {@link TraceParent#HEADER}; null: there was none
     */
    public Trace begin(String name, @Nullable String header) {
        if (sender == null) {
            return Trace.NONE;
        }
        if (TraceParent.NOT_SAMPLED.equals(header)) {
            return Trace.NOT_SAMPLED; // what nearly all calls carry that another of our processes makes
        }
        var parent = header == null ? null : TraceParent.parse(header).orElse(null);
        if (parent != null) {
            return parent.isSampled() ? server(sender, name, Span.wrap(parent)) : Trace.NOT_SAMPLED;
        }
        return ThreadLocalRandom.current().nextDouble() < sampled
                ? server(sender, name, Span.getInvalid())
                : Trace.NOT_SAMPLED;
    }

    /** Begins a part of another process's trace; where there is none, nothing is traced. */
    public Trace proceed(String name, @Nullable String header) {
        return header == null || header.isEmpty() || sender == null ? Trace.NONE : begin(name, header);
    }

    private static Trace server(Sender sender, String name, Span parent) {
        var span = sender.tracer()
                .spanBuilder(name)
                .setSpanKind(SpanKind.SERVER)
                .setParent(Context.root().with(parent))
                .startSpan();
        return Trace.of(sender.tracer(), span);
    }

    /** Tells from now on how many spans were sent and how many were lost. */
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder("tintype_trace_spans", counts, SpanCounts::processed)
                .description("Spans of traces that were handed to the receiver of tracing.endpoint.")
                .register(registry);
        FunctionCounter.builder("tintype_trace_spans_dropped", counts, SpanCounts::dropped)
                .description("Spans of traces that were lost because the queue of those to be sent was full, or the"
                        + " receiver did not take them.")
                .register(registry);
    }

    /** Sends what waits, for two seconds at most. */
    @Override
    public void close() {
        if (sender != null) {
            var flushed = sender.provider().forceFlush().join(FLUSH_SECONDS, TimeUnit.SECONDS);
            var closed = sender.provider().shutdown();
            closed.join(flushed.isDone() ? FLUSH_SECONDS : 0, TimeUnit.SECONDS);
        }
    }
}
