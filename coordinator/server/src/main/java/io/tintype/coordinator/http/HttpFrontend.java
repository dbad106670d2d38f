// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.metrics.Queues;
import io.tintype.cluster.trace.Tracing;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.upload.UploadGateway;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.time.InstantSource;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface: HTTP/1.1 and HTTP/2 without TLS on one port.
 *
 * <p>Thread-safe. Jetty's few threads never wait for a node or a client; what they do they do as either is ready.
 */
public final class HttpFrontend implements AutoCloseable {
    private static final int MAX_THREADS = 32;
    private static final int MIN_THREADS = 4;

    private static final int ACCEPTORS = 1;
    /** Threads that read requests, and answer those for which no one need be waited for. */
    private static final int MAX_SELECTORS = MAX_THREADS / 2;
    /** Read from a connection at once; also what a waiting upload holds of its body. */
    private static final int INPUT_BUFFER_BYTES = 32 << 10;
    /** All headers but those of metadata. */
    private static final int OTHER_HEADER_BYTES = 8 << 10;
    /**
     * What a byte of metadata can become: half of a header's name where that has two bytes, each percent-encoded, behind a prefix,
     * with what stands around it, for which HTTP/2 counts 32 bytes. Names of one byte are more, but there are few.
     */
    private static final int METADATA_BYTE = (BlobHeaders.META.length() + 32) / 2 + 3 + 1;

    private static final int MAX_RESPONSE_HEADER_BYTES = METADATA_BYTE * Limits.MAX_METADATA_BYTES + OTHER_HEADER_BYTES;

    /** While it stops, connections on which nothing moves for so long are closed: idle ones, and uploads that stand still. */
    private static final Duration STOPPING_IDLE = Duration.ofSeconds(1);

    private final Server server;
    private final ServerConnector connector;
    private final QueuedThreadPool threads;
    private final SigningKeys keys;
    private final Compression compression;

    private HttpFrontend(
            Server server,
            ServerConnector connector,
            QueuedThreadPool threads,
            SigningKeys keys,
            Compression compression) {
        this.server = server;
        this.connector = connector;
        this.threads = threads;
        this.keys = keys;
        this.compression = compression;
    }

    /**
     * Starts to listen.
     *
     * @param host address to listen on
     * @param upload takes changes; null: none are taken
     * @param retrieval serves reads; null: none are served
     * @throws IllegalStateException if the port is taken, or the file of signing keys cannot be used
     */
    public static HttpFrontend start(
            String host,
            HttpSettings settings,
            @Nullable UploadGateway upload,
            @Nullable RetrievalGateway retrieval,
            StatusPages status) {
        return start(host, settings, upload, retrieval, null, status, InstantSource.system());
    }

    /**
     * The same with renditions, traces and a look at what is slow.
     *
     * @param renditions makes images in other sizes and formats; null: none are made
     * @param tracing decides which requests are traced
     * @param slow is told of every request for blobs
     */
    public static HttpFrontend start(
            String host,
            HttpSettings settings,
            @Nullable UploadGateway upload,
            @Nullable RetrievalGateway retrieval,
            @Nullable Renditions renditions,
            StatusPages status,
            Tracing tracing,
            SlowRequests slow) {
        return start(host, settings, upload, retrieval, renditions, status, tracing, slow, InstantSource.system());
    }

    /** The same by another clock, and without traces. */
    static HttpFrontend start(
            String host,
            HttpSettings settings,
            @Nullable UploadGateway upload,
            @Nullable RetrievalGateway retrieval,
            @Nullable Renditions renditions,
            StatusPages status,
            InstantSource clock) {
        return start(host, settings, upload, retrieval, renditions, status, Tracing.OFF, SlowRequests.none(), clock);
    }

    private static HttpFrontend start(
            String host,
            HttpSettings settings,
            @Nullable UploadGateway upload,
            @Nullable RetrievalGateway retrieval,
            @Nullable Renditions renditions,
            StatusPages status,
            Tracing tracing,
            SlowRequests slowRequests,
            InstantSource clock) {
        var keys = SigningKeys.open(settings.signedUrls().keyFile());
        var compression = new Compression(settings.gzip());
        var access = new Access(keys, settings.signedUrls().required(), clock);
        var router = new Router(
                upload, retrieval, renditions, status, access, new Cors(settings.cors()), compression, clock);
        var threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
        threads.setName("http");
        threads.setDaemon(true);
        var server = new Server(threads);
        var configuration = configuration(settings);
        var http1 = new HttpConnectionFactory(configuration);
        http1.setInputBufferSize(INPUT_BUFFER_BYTES);
        int selectors = Math.min(MAX_SELECTORS, Runtime.getRuntime().availableProcessors());
        var connector =
                new ServerConnector(server, ACCEPTORS, selectors, http1, new PriorKnowledgeHttp2(configuration));
        connector.setHost(host);
        connector.setPort(settings.port());
        connector.setIdleTimeout(settings.idleTimeout().toMillis());
        server.addConnector(connector);
        var traced = new HttpTraces(tracing, new SlowHttp(slowRequests, router));
        var slow = new SlowHeaders(traced, settings.headerTimeout(), System::nanoTime);
        connector.addBean(slow);
        server.setHandler(slow);
        server.setErrorHandler(new JsonErrors());
        server.setRequestLog(
                (request, response) -> status.answered().accept(request.getMethod(), response.getStatus()));
        server.setStopTimeout(GrpcLimits.DRAIN.toMillis());
        connector.setShutdownIdleTimeout(STOPPING_IDLE.toMillis());
        try {
            server.start();
            slow.watch(connector.getScheduler());
        } catch (Exception e) { // what Jetty declares
            try (keys;
                    compression) {
                server.stop();
            } catch (Exception alsoFailed) { // as above
                e.addSuppressed(alsoFailed);
            }
            throw new IllegalStateException(
                    "HTTP cannot listen on " + host + ":" + settings.port() + ": " + e.getMessage()
                            + ". Set http.port to another one.",
                    e);
        }
        return new HttpFrontend(server, connector, threads, keys, compression);
    }

    private static HttpConfiguration configuration(HttpSettings settings) {
        var configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(settings.maxHeaderBytes());
        configuration.setMaxResponseHeaderSize(MAX_RESPONSE_HEADER_BYTES);
        configuration.setSendServerVersion(false);
        // Names are taken from the raw path, in which nothing is ambiguous: see BlobPath. But what a '#' begins is no
        // part of
        // that, and two names would be the same.
        configuration.setUriCompliance(UriCompliance.UNSAFE.without("NAMES", UriCompliance.Violation.FRAGMENT));
        return configuration;
    }

    /** Tells from now on how much waits. */
    public void meter(MeterRegistry registry) {
        Queues.bind(registry, "http", threads::getQueueSize);
        Queues.bind(registry, "gzip", Compression.MOST_STREAMS, compression::waiting);
    }

    /** The port it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Takes no more connections, lets requests under way end for {@link GrpcLimits#DRAIN}, then cuts them off. Blocks meanwhile. */
    @Override
    public void close() {
        try (keys;
                compression) { // which end however the server does
            server.stop();
        } catch (Exception e) { // what Jetty declares
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new IllegalStateException("HTTP did not stop", e);
        }
    }

    /**
     * HTTP/2 for clients that begin with it. The older way, an upgrade of an HTTP/1.1 request, is not taken: it was dropped
     * from the standard (RFC 9113, section 3.1), and an upgrading request's chunked body would be taken for HTTP/2 and its
     * blob for an empty one.
     */
    private static final class PriorKnowledgeHttp2 extends HTTP2CServerConnectionFactory {
        PriorKnowledgeHttp2(HttpConfiguration configuration) {
            super(configuration);
            setFlowControlStrategyFactory(UnreadFrames::new);
        }

        @Override
        @SuppressWarnings("NullAway") // Jetty's own contract: null means that there is no upgrade
        public Connection upgradeConnection(
                Connector connector, EndPoint endPoint, MetaData.Request request, HttpFields.Mutable responseFields) {
            return request.getHttpFields().contains(HttpHeader.UPGRADE)
                    ? null
                    : super.upgradeConnection(connector, endPoint, request, responseFields);
        }
    }

    /** What Jetty itself refuses, such as headers that are too long or no HTTP at all, told as we tell things. */
    private static final class JsonErrors extends ErrorHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            int status = response.getStatus();
            var cause = (Throwable) request.getAttribute(ERROR_EXCEPTION);
            String text =
                    cause == null || cause.getMessage() == null ? HttpStatus.getMessage(status) : cause.getMessage();
            if (status == HttpStatus.BAD_REQUEST_400) {
                text += ". This is no request that can be understood: check that the path is percent-encoded UTF-8"
                        + " without %00, and that the headers are legal.";
            }
            var reason = status >= HttpStatus.INTERNAL_SERVER_ERROR_500 ? Reason.INTERNAL : Reason.INVALID_ARGUMENT;
            Failures.answer(response, callback, status, new TintypeException(reason, text));
            return true;
        }
    }
}
