// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.status.ClusterStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Health, metrics, and the page that shows the cluster to people. Thread-safe.
 *
 * @param notReadyBecause why this process cannot serve; empty: it can
 * @param metrics all metrics in Prometheus' text format
 * @param cluster how the cluster stands
 * @param answered is told method and status of every request answered; must not block
 */
public record StatusPages(
        Supplier<Optional<String>> notReadyBecause,
        Supplier<String> metrics,
        Supplier<ClusterStatus> cluster,
        BiConsumer<String, Integer> answered) {
    private static final Set<String> PATHS =
            Set.of("/health/live", "/health/ready", "/metrics", "/status.json", "/", "/status");
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private static final String PAGE_POLICY =
            "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
    private static final String PAGE = load();

    /** Pages of a process that does not count its answers. */
    public StatusPages(Supplier<Optional<String>> notReadyBecause, Supplier<String> metrics) {
        this(notReadyBecause, metrics, () -> ClusterStatus.of(ClusterView.EMPTY, List.of()), (method, status) -> {});
    }

    /** Whether the path is one of these. */
    static boolean has(@Nullable String path) {
        return path != null && PATHS.contains(path);
    }

    /** Answers where the path is one of these and is read; false: it is not. */
    boolean answer(@Nullable String path, Request request, Response response, Callback callback) {
        if (path == null
                || !(request.getMethod().equals("GET") || request.getMethod().equals("HEAD"))) {
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
            case "/status.json" -> {
                response.setStatus(HttpStatus.OK_200);
                response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
                Json.write(response, callback, cluster.get());
                yield true;
            }
            case "/", "/status" -> {
                response.setStatus(HttpStatus.OK_200);
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/html; charset=utf-8");
                // The page brings its own script and style, and takes nothing from anywhere else.
                response.getHeaders().put("Content-Security-Policy", PAGE_POLICY);
                response.write(true, ByteBuffer.wrap(PAGE.getBytes(StandardCharsets.UTF_8)), callback);
                yield true;
            }
            default -> false;
        };
    }

    private static String load() {
        try (var page = ClusterStatus.class.getResourceAsStream("status.html")) {
            return new String(Objects.requireNonNull(page, "status.html").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
