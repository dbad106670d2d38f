// SPDX-License-Identifier: Apache-2.0
package io.tintype.trace;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.tintype.model.TintypeException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One span of a trace, and how to add to it. Thread-safe; never blocks, never fails.
 *
 * <p>Nearly all work is not traced: then this is {@link #NONE} or {@link #NOT_SAMPLED}, and everything here does nothing and
 * allocates nothing.
 */
public final class Trace {
    /** Of work that nobody has decided about. */
    public static final Trace NONE = new Trace(null, Span.getInvalid());

    /** Of work of which it was decided that it is not traced; those it calls are told. */
    public static final Trace NOT_SAMPLED = new Trace(null, Span.getInvalid());

    /** Of a call, where it is not the one of gRPC's context. */
    public static final CallOptions.Key<Trace> OF_CALL = CallOptions.Key.createWithDefault("tintype-trace", NONE);

    private static final Context.Key<Trace> OF_CONTEXT = Context.keyWithDefault("tintype-trace", NONE);

    private final @Nullable Tracer tracer;
    private final Span span;

    private Trace(@Nullable Tracer tracer, Span span) {
        this.tracer = tracer;
        this.span = span;
    }

    /** Goes on from a span that was begun with a tracer. */
    public static Trace of(Tracer tracer, Span span) {
        if (span.isRecording()) {
            return new Trace(tracer, span);
        }
        return span.getSpanContext().isValid() ? NOT_SAMPLED : NONE;
    }

    /** The one of what this thread does for a call now. */
    public static Trace current() {
        return OF_CONTEXT.get();
    }

    /** Whether there is anybody who listens. */
    public boolean isRecording() {
        return tracer != null;
    }

    /** Begins a part of this; to be ended by {@link #end}. */
    public Trace child(String name) {
        return child(name, SpanKind.INTERNAL);
    }

    /** The same for a part of a kind. */
    public Trace child(String name, SpanKind kind) {
        return tracer == null
                ? this
                : new Trace(
                        tracer,
                        tracer.spanBuilder(name)
                                .setSpanKind(kind)
                                .setParent(
                                        io.opentelemetry.context.Context.root().with(span))
                                .startSpan());
    }

    /** Says something about it. */
    public Trace set(String key, String value) {
        if (tracer != null) {
            span.setAttribute(key, value);
        }
        return this;
    }

    /** Says something about it in numbers. */
    public Trace set(String key, long value) {
        if (tracer != null) {
            span.setAttribute(key, value);
        }
        return this;
    }

    /** It is over. Only the first end counts. */
    public void end() {
        if (tracer != null) {
            span.end();
        }
    }

    /** It is over, and failed unless that is null. */
    public void end(@Nullable Throwable failure) {
        if (tracer == null) {
            return;
        }
        if (failure == null) {
            span.end();
            return;
        }
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        fail(
                cause instanceof TintypeException known
                        ? known.reason().name()
                        : cause.getClass().getSimpleName());
    }

    /** It is over, and failed. */
    public void fail(String why) {
        if (tracer != null) {
            span.setStatus(StatusCode.ERROR, why);
            span.end();
        }
    }

    /** Does something as part of it: {@link #current} is this meanwhile. */
    public void run(Runnable work) {
        if (this == current()) {
            work.run();
        } else {
            in(Context.current()).run(work);
        }
    }

    /** The same for work that yields something. */
    public <T> T get(Supplier<T> work) {
        if (this == current()) {
            return work.get();
        }
        var context = in(Context.current());
        var before = context.attach();
        try {
            return work.get();
        } finally {
            context.detach(before);
        }
    }

    /** A context in which {@link #current} is this. */
    public Context in(Context context) {
        return context.withValue(OF_CONTEXT, this);
    }

    /** What to tell another process, if there is anything to tell. */
    public @Nullable String header() {
        if (tracer != null) {
            return TraceParent.format(span.getSpanContext());
        }
        return this == NOT_SAMPLED ? TraceParent.NOT_SAMPLED : null;
    }

    /** The trace's id, if anybody records it. */
    public Optional<String> id() {
        return tracer == null
                ? Optional.empty()
                : Optional.of(span.getSpanContext().getTraceId());
    }

    /** For the end of a line of the log: where to look for the whole story. Empty if nobody records it. */
    public String suffix() {
        return tracer == null ? "" : ", trace " + span.getSpanContext().getTraceId();
    }
}
