// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.tintype.client.TintypeClient;
import io.tintype.tools.system.SpanReceiver.Seen;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One request is one tree of spans over all processes that work for it; every process is one of its own. */
final class TraceIT {
    private static final int NODES = 3;
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String PUT = "tintype.v1.BlobUpload/Put";
    private static final String GET = "tintype.v1.BlobRetrieval/Get";
    /** The span of who calls over HTTP. */
    private static final String OUTSIDE = "b7ad6b7169203331";

    private static final String LAYER = "tintype.cache.layer";

    private static SpanReceiver receiver;
    private static Servers servers;
    private static SdkTracerProvider spans;
    private static TintypeClient client;

    @BeforeAll
    static void start() throws Exception {
        receiver = new SpanReceiver();
        servers = Servers.start(
                Dev.folder("traces"),
                NODES,
                Map.of(
                        "TINTYPE_CONFIG_TRACING_ENDPOINT",
                        receiver.endpoint(),
                        "TINTYPE_CONFIG_TRACING_SAMPLED",
                        "0",
                        "TINTYPE_LOG_FORMAT",
                        "json"));
        spans = SdkTracerProvider.builder()
                .setResource(
                        Resource.create(Attributes.of(AttributeKey.stringKey("service.instance.id"), "application")))
                .addSpanProcessor(SimpleSpanProcessor.create(OtlpHttpSpanExporter.builder()
                        .setEndpoint(receiver.endpoint() + "/v1/traces")
                        .build()))
                .build();
        client = TintypeClient.builder()
                .seeds(servers.server())
                .requestTimeout(SOON)
                .openTelemetry(new OpenTelemetry() {
                    @Override
                    public TracerProvider getTracerProvider() {
                        return spans;
                    }

                    @Override
                    public ContextPropagators getPropagators() {
                        return ContextPropagators.noop();
                    }
                })
                .build();
        client.put("warm", "up", new byte[] {1});
    }

    @AfterAll
    static void stop() {
        client.close();
        spans.close();
        servers.close();
        receiver.close();
    }

    @Test
    void anUploadIsOneTreeFromTheClientToTheDisksOfAllReplicas() {
        var image = Images.photograph("rocket.jpg").bytes();
        var spans =
                traced("Tintype Put", () -> client.put("alice", "direct", image), "group commit", "append", "append");
        var called = child(spans, named(spans, "Tintype Put"), PUT);
        var served = child(spans, called, PUT);
        assertThat(called.process()).isEqualTo("application");
        assertThat(served.process()).startsWith("node-");
        assertThat(served.says()).containsKey("tintype.request.id");
        if (image.length > 256 << 10) {
            child(spans, served, "stage chunk");
        }
        var replicated = child(spans, served, "replicate");
        var synced = child(spans, replicated, "group commit");
        assertThat(synced.process()).isEqualTo(served.process());
        assertThat(synced.nanos()).isPositive().isLessThan(replicated.nanos());
        var appended = children(spans, replicated, "append");
        assertThat(appended).extracting(Seen::process).doesNotHaveDuplicates().doesNotContain(served.process());
        assertThat(appended).hasSize(NODES - 1);
    }

    @Test
    void aReadIsOneTreeFromTheClientToRocksDb() {
        client.put("alice", "read", new byte[100_000]);
        var spans = traced("Tintype Get", () -> client.get("alice", "read").bytes(), "rocksdb chunk");
        var served = child(spans, child(spans, named(spans, "Tintype Get"), GET), GET);
        assertThat(served.process()).startsWith("node-");
        child(spans, served, "rocksdb head");
        child(spans, served, "rocksdb chunk");
    }

    @Test
    void requestsOverHttpGoOnInTheTraceThatTheirHeaderNames() throws Exception {
        var put = "0af7651916cd43dd8448eb211c80319c";
        http(put, HttpRequest.newBuilder().PUT(HttpRequest.BodyPublishers.ofByteArray(new byte[100_000])));
        var spans = trace(put, "HTTP PUT", "append");
        var asked = named(spans, "HTTP PUT");
        assertThat(asked.process()).isEqualTo("coordinator-1");
        assertThat(asked.says()).containsEntry("http.response.status_code", "200");
        child(spans, child(spans, child(spans, asked, PUT), PUT), "replicate");

        var first = "1af7651916cd43dd8448eb211c80319c";
        http(first, HttpRequest.newBuilder().GET());
        assertThat(named(trace(first, "HTTP GET", "rocksdb chunk"), "HTTP GET").says())
                .containsEntry("tintype.bytes.by", "node");

        // Which version is current is asked of a node again; the bytes of that version are here by now.
        var second = "2af7651916cd43dd8448eb211c80319c";
        http(second, HttpRequest.newBuilder().GET());
        var again = trace(second, "HTTP GET", "cache");
        assertThat(child(again, named(again, "HTTP GET"), "cache").says()).containsEntry(LAYER, "memory");
        assertThat(names(again)).doesNotContain("rocksdb chunk");
    }

    @Test
    void whatNobodyDecidedToTraceIsNot() throws Exception {
        var other = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(servers.http() + "/v1/users/alice/blobs/untraced"))
                                .PUT(HttpRequest.BodyPublishers.ofByteArray(new byte[10]))
                                .build(),
                        BodyHandlers.discarding());
        assertThat(other.statusCode()).isEqualTo(200);
        var marker = "3af7651916cd43dd8448eb211c80319c";
        http(marker, HttpRequest.newBuilder().GET());
        assertThat(trace(marker, "HTTP GET")).isNotEmpty();
        var roots = receiver.all().stream()
                .filter(span -> span.parent().isEmpty())
                .map(Seen::process)
                .collect(Collectors.toSet());
        assertThat(roots).as("who began traces").isSubsetOf("application");
    }

    @Test
    void everyLineOfAServersLogIsJsonWhereThatIsAskedFor() throws IOException {
        var lines = Files.readAllLines(Path.of("target", "system", "traces", "node-1.log"));
        assertThat(lines).hasSizeGreaterThan(1);
        for (var line : lines) {
            var told = new ObjectMapper().readTree(line);
            assertThat(told.path("level").asText()).as(line).isNotEmpty();
            assertThat(told.path("message").asText()).as(line).isNotEmpty();
            assertThat(told.path("timestamp").asLong()).as(line).isPositive();
        }
    }

    private static void http(String trace, HttpRequest.Builder request) throws Exception {
        var answer = HttpClient.newHttpClient()
                .send(
                        request.uri(URI.create(servers.http() + "/v1/users/alice/blobs/http"))
                                .header("traceparent", "00-" + trace + "-" + OUTSIDE + "-01")
                                .build(),
                        BodyHandlers.ofByteArray());
        assertThat(answer.statusCode()).isIn(200, 404);
    }

    /** Does something once; all spans of its trace, when those of these names are there. */
    private static List<Seen> traced(String root, Runnable work, String... names) {
        var before = receiver.all().stream().map(Seen::trace).collect(Collectors.toSet());
        work.run();
        return await().atMost(SOON)
                .until(
                        () -> receiver.all().stream()
                                .filter(span -> span.name().equals(root) && !before.contains(span.trace()))
                                .findFirst()
                                .map(span -> receiver.of(span.trace()))
                                .orElse(List.of()),
                        spans -> isWhole(spans, names));
    }

    private static List<Seen> trace(String id, String... names) {
        return await().atMost(SOON).until(() -> receiver.of(id), spans -> isWhole(spans, names));
    }

    /** Whether all spans of these names are there, and what each is part of; processes send theirs when they like. */
    private static boolean isWhole(List<Seen> spans, String... names) {
        var ids = spans.stream().map(Seen::id).collect(Collectors.toSet());
        return Stream.of(names)
                        .allMatch(name -> spans.stream()
                                        .filter(span -> span.name().equals(name))
                                        .count()
                                >= Collections.frequency(List.of(names), name))
                && spans.stream()
                        .map(Seen::parent)
                        .allMatch(parent -> parent.isEmpty() || parent.equals(OUTSIDE) || ids.contains(parent));
    }

    private static Set<String> names(List<Seen> spans) {
        return spans.stream().map(Seen::name).collect(Collectors.toSet());
    }

    private static Seen named(List<Seen> spans, String name) {
        var found = spans.stream().filter(span -> span.name().equals(name)).toList();
        assertThat(found).as("spans named %s of %s", name, spans).hasSize(1);
        return found.get(0);
    }

    private static List<Seen> children(List<Seen> spans, Seen parent, String name) {
        return spans.stream()
                .filter(span -> span.parent().equals(parent.id()) && span.name().equals(name))
                .toList();
    }

    private static Seen child(List<Seen> spans, Seen parent, String name) {
        var found = children(spans, parent, name);
        assertThat(found).as("parts '%s' of %s in %s", name, parent, spans).isNotEmpty();
        return found.get(0);
    }
}
