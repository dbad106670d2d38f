// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Health and metrics. Thread-safe.
 *
 * @param notReadyBecause why this process cannot serve; empty: it can
 * @param metrics all metrics in Prometheus' text format
 * @param answered is told method and status of every request answered; must not block
 */
public record StatusPages(
        Supplier<Optional<String>> notReadyBecause, Supplier<String> metrics, BiConsumer<String, Integer> answered) {
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    /** Pages of a process that does not count its answers. */
    public StatusPages(Supplier<Optional<String>> notReadyBecause, Supplier<String> metrics) {
        this(notReadyBecause, metrics, (method, status) -> {});
    }

    /** Answers where the path is one of these; false: it is not. */
    boolean answer(@Nullable String path, Request request, Response response, Callback callback) {
        if (path == null || !request.getMethod().equals("GET")) {
            return false;
        }
        return switch (path) {
            case "/health/live" -> {
                response.setStatus(HttpStatus.OK_200);
                Json.write(response, callback, Map.of("live", true));
                yield true;
            }
            case "/health/ready" -> {
                var why = notReadyBecause.get();
                response.setStatus(why.isEmpty() ? HttpStatus.OK_200 : HttpStatus.SERVICE_UNAVAILABLE_503);
                Json.write(
                        response,
                        callback,
                        why.<Map<String, Object>>map(text -> Map.of("ready", false, "why", text))
                                .orElse(Map.of("ready", true)));
                yield true;
            }
            case "/metrics" -> {
                response.setStatus(HttpStatus.OK_200);
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, PROMETHEUS);
                response.write(true, ByteBuffer.wrap(metrics.get().getBytes(StandardCharsets.UTF_8)), callback);
                yield true;
            }
            default -> false;
        };
    }
}
