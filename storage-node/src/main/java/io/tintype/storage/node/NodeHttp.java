// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Health and metrics of a node over plain HTTP, for those who do not speak gRPC: load balancers, container engines,
 * Prometheus. Built on the JDK's own server, which is enough for a few small answers a second; no blob passes here.
 *
 * <p>{@code /health/live}: 200 while the process runs. {@code /health/ready}: 200 while every shard on the node can do its
 * part, else 503 with the reason. {@code /health/shards}: how each one stands. {@code /metrics}: Prometheus' text format.
 * Thread-safe.
 */
final class NodeHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeHttp.class);
    /** Requests answered at once. */
    private static final int THREADS = 2;
    /** Requests that may wait; further connections are closed. */
    static final int QUEUE = 32;
    /** A request that is not whole after so long is given up. */
    private static final Duration REQUEST_TIME = Duration.ofSeconds(10);

    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;
    private final ThreadPoolExecutor threads;
    private final ObjectMapper mapper = new ObjectMapper();
    private final Pages pages;

    /**
     * What there is to tell.
     *
     * @param notReadyBecause why the node cannot serve; empty: it can
     * @param shards how each shard stands
     * @param metrics all metrics in Prometheus' text format
     */
    record Pages(
            Supplier<Optional<String>> notReadyBecause, Supplier<List<ShardLine>> shards, Supplier<String> metrics) {}

    /**
     * How a shard stands.
     *
     * @param shard its id
     * @param state what its replica here is doing
     * @param serving whether it does its part
     * @param primary the node that leads it; empty: none that is known
     * @param inSync nodes that hold every acknowledged record
     * @param failure why it cannot do its part for good; empty: nothing known
     */
    record ShardLine(int shard, String state, boolean serving, String primary, List<String> inSync, String failure) {}

    private record Answer(int status, String type, String body) {}

    static {
        // Read once by the JDK's server, which has no other way to set it.
        System.setProperty("sun.net.httpserver.maxReqTime", Long.toString(REQUEST_TIME.toSeconds()));
    }

    private NodeHttp(HttpServer server, Pages pages) {
        this.server = server;
        this.pages = pages;
        this.threads =
                new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(QUEUE), task -> {
                    var thread = new Thread(task, "tintype-http");
                    thread.setDaemon(true);
                    return thread;
                });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /**
     * Binds the port and serves.
     *
     * @throws IOException if it is taken; the message says what to do
     */
    static NodeHttp start(ListenSettings listen, Pages pages) throws IOException {
        try {
            return new NodeHttp(
                    HttpServer.create(new InetSocketAddress(listen.host(), listen.httpPort()), QUEUE), pages);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + listen.host() + ":" + listen.httpPort() + " (" + e.getMessage()
                            + "); stop what listens there, or set listen.httpPort",
                    e);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    /** Requests that wait for a thread. */
    int waiting() {
        return threads.getQueue().size();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var method = exchange.getRequestMethod();
            boolean head = method.equals("HEAD");
            var answer = head || method.equals("GET")
                    ? answer(exchange.getRequestURI().getPath())
                    : json(METHOD_NOT_ALLOWED, Map.of("message", "Only GET and HEAD are answered here."));
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            var body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), head ? -1 : body.length);
            if (!head) {
                exchange.getResponseBody().write(body);
            }
        } catch (RuntimeException e) {
            log.error("{} could not be answered", exchange.getRequestURI(), e);
            throw e;
        }
    }

    private Answer answer(String path) throws JsonProcessingException {
        return switch (path) {
            case "/health/live" -> json(OK, Map.of("live", true));
            case "/health/ready" -> {
                var why = pages.notReadyBecause().get();
                yield why.isEmpty()
                        ? json(OK, Map.of("ready", true))
                        : json(UNAVAILABLE, Map.of("ready", false, "why", why.get()));
            }
            case "/health/shards" -> json(OK, Map.of("shards", pages.shards().get()));
            case "/metrics" -> new Answer(OK, PROMETHEUS, pages.metrics().get());
            default ->
                json(
                        NOT_FOUND,
                        Map.of(
                                "message",
                                "There is nothing at this path; try /health/live, /health/ready, /health/shards or"
                                        + " /metrics."));
        };
    }

    private Answer json(int status, Object document) throws JsonProcessingException {
        return new Answer(status, JSON, mapper.writeValueAsString(document));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
