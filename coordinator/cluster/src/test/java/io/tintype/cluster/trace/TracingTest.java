// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.trace.Trace;
import io.tintype.trace.TraceParent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

final class TracingTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void withoutAReceiverNothingIsTracedWhateverTheCallerSays() {
        try (var tracing = Tracing.start(TracingSettings.OFF, "test", "1")) {
            assertThat(tracing.begin("call", SAMPLED)).isSameAs(Trace.NONE);
            assertThat(tracing.begin("call", null)).isSameAs(Trace.NONE);
            assertThat(tracing.proceed("call", SAMPLED)).isSameAs(Trace.NONE);
            assertThat(Trace.NONE.child("part")).isSameAs(Trace.NONE);
            assertThat(Trace.NONE.header()).isNull();
        }
    }

    @Test
    void whatTheCallerDecidedHoldsAndElseTheShare() {
        try (var none = Tracing.start(to("http://127.0.0.1:9", 0), "test", "1");
                var all = Tracing.start(to("http://127.0.0.1:9", 1), "test", "1")) {
            assertThat(none.begin("call", null)).isSameAs(Trace.NOT_SAMPLED);
            assertThat(none.begin("call", SAMPLED).id()).contains("4bf92f3577b34da6a3ce929d0e0e4736");
            assertThat(all.begin("call", null).isRecording()).isTrue();
            assertThat(all.begin("call", TraceParent.NOT_SAMPLED)).isSameAs(Trace.NOT_SAMPLED);
            assertThat(all.begin("call", "rubbish").isRecording()).isTrue();
            assertThat(all.proceed("call", null)).isSameAs(Trace.NONE);
            assertThat(Trace.NOT_SAMPLED.child("part").header()).isEqualTo(TraceParent.NOT_SAMPLED);
        }
    }

    @Test
    void aReceiverThatHangsCostsTracesWhichAreCountedAndNothingElse() throws Exception {
        var release = new CountDownLatch(1);
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/v1/traces", exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        server.start();
        var registry = new SimpleMeterRegistry();
        try (var tracing =
                Tracing.start(to("http://127.0.0.1:" + server.getAddress().getPort(), 1), "test", "1")) {
            tracing.bindTo(registry);
            for (int i = 0; i < 4 * Tracing.QUEUED_SPANS; i++) {
                tracing.begin("call", null).end();
            }
            var dropped = registry.get("tintype_trace_spans_dropped").functionCounter();
            await().atMost(SOON).untilAsserted(() -> assertThat(dropped.count()).isPositive());
        } finally {
            release.countDown();
            server.stop(0);
            threads.shutdownNow();
        }
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> to("collector:4318", 1)).hasMessageContaining("tracing.endpoint");
        assertThatThrownBy(() -> to("", 1.5)).hasMessageContaining("tracing.sampled");
        assertThat(to("http://collector:4318", 1).url()).isEqualTo("http://collector:4318/v1/traces");
        assertThat(to("http://collector:4318/", 1).url()).isEqualTo("http://collector:4318/v1/traces");
        assertThat(to("http://collector:4318/other", 1).url()).isEqualTo("http://collector:4318/other");
    }

    private static TracingSettings to(String endpoint, double sampled) {
        return new TracingSettings(endpoint, sampled);
    }
}
