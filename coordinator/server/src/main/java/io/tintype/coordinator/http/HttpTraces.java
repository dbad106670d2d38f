// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.trace.Tracing;
import io.tintype.trace.Trace;
import io.tintype.trace.TraceParent;
import java.util.Set;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Traces requests for blobs: what handles one finds its trace in gRPC's context. Thread-safe; never blocks. */
final class HttpTraces extends Handler.Wrapper {
    private static final String BLOBS = "/v1/";
    /** With a name of their own: what clients make up must not become names of spans. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "PUT", "DELETE");

    private final Tracing tracing;

    HttpTraces(Tracing tracing, Handler handler) {
        super(handler);
        this.tracing = tracing;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        var path = request.getHttpURI().getPath();
        if (!tracing.isOn() || path == null || !path.startsWith(BLOBS)) {
            return super.handle(request, response, callback);
        }
        var trace = tracing.begin(
                "HTTP " + (METHODS.contains(request.getMethod()) ? request.getMethod() : "other"),
                request.getHeaders().get(TraceParent.HEADER));
        if (trace.isRecording()) {
            trace.set("http.request.method", request.getMethod());
            Request.addCompletionListener(request, failure -> end(trace, response.getStatus(), failure));
        }
        var context = trace.in(io.grpc.Context.current());
        var before = context.attach();
        try {
            return super.handle(request, response, callback);
        } finally {
            context.detach(before);
        }
    }

    private static void end(Trace trace, int status, @Nullable Throwable failure) {
        trace.set("http.response.status_code", status);
        if (failure == null && status >= HttpStatus.INTERNAL_SERVER_ERROR_500) {
            trace.fail(HttpStatus.getMessage(status));
        } else {
            trace.end(failure);
        }
    }
}
