// SPDX-License-Identifier: Apache-2.0
package io.tintype.trace;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import java.util.Optional;

/** The header by which a trace travels (W3C Trace Context, section 3.2). Stateless. */
public final class TraceParent {
    /** Name of the header, of HTTP and of gRPC alike. */
    public static final String HEADER = "traceparent";

    /** What a call carries for which it was decided that it is not traced, so that nobody decides anew. */
    public static final String NOT_SAMPLED = "00-00000000000000000000000000000001-0000000000000001-00";

    private static final String VERSION = "00-";
    private static final int SPAN_AT = 36;
    private static final int FLAGS_AT = 53;
    private static final int LENGTH = 55;

    private TraceParent() {}

    /** As text. */
    static String format(SpanContext context) {
        return VERSION + context.getTraceId() + "-" + context.getSpanId() + "-"
                + context.getTraceFlags().asHex();
    }

    /** What a header says; empty where it is none of this form, which is no reason to refuse a call. */
    public static Optional<SpanContext> parse(String header) {
        if (header.length() < LENGTH
                || (header.length() > LENGTH && (header.startsWith(VERSION) || header.charAt(LENGTH) != '-'))
                || header.startsWith("ff")
                || header.charAt(2) != '-'
                || header.charAt(SPAN_AT - 1) != '-'
                || header.charAt(FLAGS_AT - 1) != '-') {
            return Optional.empty();
        }
        var trace = header.substring(VERSION.length(), SPAN_AT - 1);
        var span = header.substring(SPAN_AT, FLAGS_AT - 1);
        var flags = header.substring(FLAGS_AT, LENGTH);
        if (!TraceId.isValid(trace) || !SpanId.isValid(span) || !isHex(flags.charAt(0)) || !isHex(flags.charAt(1))) {
            return Optional.empty();
        }
        return Optional.of(
                SpanContext.createFromRemoteParent(trace, span, TraceFlags.fromHex(flags, 0), TraceState.getDefault()));
    }

    private static boolean isHex(char digit) {
        return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
    }
}
