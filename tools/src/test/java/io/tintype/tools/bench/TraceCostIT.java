// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.tintype.client.TintypeClient;
import io.tintype.model.TintypeException;
import io.tintype.tools.system.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What tracing a hundredth of all calls costs the servers. Two clients use one cluster in turn, in {@code -Dtrace.rounds=20}
 * rounds of two windows of {@code -Dtrace.windowMillis=1500} for each kind of call: of one, a hundredth of the calls is
 * traced; the other tells the servers to trace none of its calls. (Two clusters, one with tracing and one without, would not
 * do: equal ones differ by more than what is looked for.) What a call costs that could have been traced and is not, beside
 * one where tracing is off, is measured by itself. Runs only where {@code trace.rounds} is set; takes six minutes with 20,
 * and wants the machine for itself.
 */
@EnabledIfSystemProperty(named = "trace.rounds", matches = "[1-9][0-9]*")
final class TraceCostIT {
    /** What the middle of all pairs may cost at most. */
    private static final double MOST = 1.03;

    private static final Duration SOON = Duration.ofMinutes(1);
    private static final int THREADS = 8;
    private static final int NAMES = 200;
    private static final String USER = "traces";
    private static final byte[] LARGE = bytes(64 << 10);
    private static final byte[] SMALL = bytes(4 << 10);

    private final AtomicLong spans = new AtomicLong();

    private interface Operation {
        void run(TintypeClient client, int name);
    }

    /** What one window saw. */
    private record Window(long operations, long cpuNanos) {
        double micros() {
            return cpuNanos / 1e3 / operations;
        }
    }

    @Test
    void aHundredthOfCallsTracedCostsLessThanThreeHundredths() throws Exception {
        int rounds = Integer.getInteger("trace.rounds");
        long window = Long.getLong("trace.windowMillis", 1_500);
        var receiver = receiver();
        var folder = Files.createTempDirectory(Path.of("target"), "trace-cost-").toAbsolutePath();
        var process = new ProcessBuilder(Command.java(
                        List.of("-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC", "-Xmx2g", "-Xms2g"),
                        TracedCluster.class.getName()))
                .redirectError(folder.resolve("log").toFile());
        process.command()
                .addAll(List.of(
                        folder.toString(),
                        "http://127.0.0.1:" + receiver.getAddress().getPort()));
        var servers = process.start();
        try (var said = new BufferedReader(new InputStreamReader(servers.getInputStream(), StandardCharsets.UTF_8));
                var cpu = new CpuMeter(List.of(servers.pid()));
                var never = SdkTracerProvider.builder()
                        .setSampler(Sampler.alwaysOff())
                        .build()) {
            var address = String.valueOf(said.readLine());
            var costs = new ArrayList<Double>();
            for (boolean direct : new boolean[] {true, false}) {
                var way = direct ? "straight" : "through the coordinator";
                try (var untraced = client(address, direct, never);
                        var traced = client(address, direct, TracerProvider.noop())) {
                    costs.add(compare("get 64 KiB, " + way, rounds, window, untraced, traced, cpu, TraceCostIT::get));
                    costs.add(compare("put 4 KiB, " + way, rounds, window, untraced, traced, cpu, TraceCostIT::put));
                }
            }
            assertThat(costs).allSatisfy(cost -> assertThat(cost).isLessThan(MOST));
        } finally {
            servers.destroyForcibly().waitFor();
            receiver.stop(0);
        }
    }

    /** The middle over all rounds of what a call costs where a hundredth is traced, of what it costs where none is. */
    private double compare(
            String what,
            int rounds,
            long windowMillis,
            TintypeClient off,
            TintypeClient on,
            CpuMeter cpu,
            Operation operation)
            throws Exception {
        window(off, rounds * windowMillis / 3, cpu, operation);
        window(on, rounds * windowMillis / 3, cpu, operation);
        long before = spans.get();
        var untraced = new ArrayList<Window>();
        var traced = new ArrayList<Window>();
        var costs = new ArrayList<Double>();
        for (int round = 0; round < rounds; round++) {
            boolean offFirst = round % 2 == 0;
            var first = window(offFirst ? off : on, windowMillis, cpu, operation);
            var second = window(offFirst ? on : off, windowMillis, cpu, operation);
            untraced.add(offFirst ? first : second);
            traced.add(offFirst ? second : first);
            costs.add(traced.get(round).micros() / untraced.get(round).micros());
        }
        costs.sort(null);
        double middle = (costs.get((rounds - 1) / 2) + costs.get(rounds / 2)) / 2;
        System.out.printf(
                "traces: %s: %.1f us of CPU untraced, %.1f us with a hundredth traced; by rounds %.3f (quartiles %.3f to"
                        + " %.3f), %,d and %,d calls, %,d spans%n",
                what,
                micros(untraced),
                micros(traced),
                middle,
                costs.get(rounds / 4),
                costs.get(rounds - 1 - rounds / 4),
                operations(untraced),
                operations(traced),
                spans.get() - before);
        assertThat(spans).as("spans that came").hasValueGreaterThan(before);
        return middle;
    }

    private static Window window(TintypeClient client, long millis, CpuMeter cpu, Operation operation) {
        var done = new AtomicLong();
        long before = used(cpu);
        long began = System.nanoTime();
        var work = new ArrayList<CompletableFuture<Void>>();
        for (int thread = 0; thread < THREADS; thread++) {
            int seed = thread;
            work.add(CompletableFuture.runAsync(
                    () -> {
                        var names = new Random(seed);
                        while (System.nanoTime() - began < millis * 1_000_000) {
                            operation.run(client, names.nextInt(NAMES));
                            done.incrementAndGet();
                        }
                    },
                    task -> new Thread(task, "load-" + seed).start()));
        }
        work.forEach(CompletableFuture::join);
        return new Window(done.get(), used(cpu) - before);
    }

    /**
     * Without the JIT compilers, which are busy with what both clients call, and RocksDB's flushes and compactions, which
     * come when they like and know nothing of traces.
     */
    private static long used(CpuMeter cpu) {
        var all = cpu.servers().orElseThrow();
        return all.steadyNanos() - all.byDuty().getOrDefault(Duty.ROCKSDB, 0L);
    }

    private static void get(TintypeClient client, int name) {
        if (client.get(USER, "large-" + name).bytes().length != LARGE.length) {
            throw new IllegalStateException("another length");
        }
    }

    private static void put(TintypeClient client, int name) {
        client.put(USER, "small-" + name, SMALL);
    }

    private static TintypeClient client(String server, boolean direct, TracerProvider tracers) {
        var client = TintypeClient.builder()
                .seeds(server)
                .direct(direct)
                .nearCacheBytes(0)
                .openTelemetry(new OpenTelemetry() {
                    @Override
                    public TracerProvider getTracerProvider() {
                        return tracers;
                    }

                    @Override
                    public ContextPropagators getPropagators() {
                        return ContextPropagators.noop();
                    }
                })
                .requestTimeout(SOON)
                .build();
        await().atMost(SOON).ignoreException(TintypeException.class).until(() -> {
            client.put(USER, "first", SMALL);
            return true;
        });
        for (int i = 0; i < NAMES; i++) {
            client.put(USER, "large-" + i, LARGE);
        }
        return client;
    }

    /** Takes traces in and counts their spans. */
    private HttpServer receiver() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", this::take);
        server.start();
        return server;
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            ExportTraceServiceRequest.parseFrom(exchange.getRequestBody())
                    .getResourceSpansList()
                    .forEach(of -> of.getScopeSpansList().forEach(scope -> spans.addAndGet(scope.getSpansCount())));
            exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private static double micros(List<Window> windows) {
        return windows.stream().mapToLong(Window::cpuNanos).sum() / 1e3 / operations(windows);
    }

    private static long operations(List<Window> windows) {
        return windows.stream().mapToLong(Window::operations).sum();
    }

    private static byte[] bytes(int count) {
        var bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
