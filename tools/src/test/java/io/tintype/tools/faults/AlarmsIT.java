// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.client.TintypeClient;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every alarm of docker/observability goes off for what it is meant for, and none before: real processes, looked at by a
 * real Prometheus with the very rules, in which a minute lasts a second.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class AlarmsIT {
    private static final Path RULES = Path.of("..", "docker", "observability", "alerts.yaml");
    private static final Path DASHBOARD =
            Path.of("..", "docker", "observability", "grafana", "dashboards", "tintype.json");
    private static final Path FOLDER = Path.of("target", "alarms").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern NAME = Pattern.compile("- alert: (\\w+)");
    private static final Pattern WINDOW = Pattern.compile("\\[(\\d+)([mh])]");
    private static final Pattern HORIZON = Pattern.compile(", (\\d+)\\)");
    private static final Pattern LASTS = Pattern.compile("for: \\w+");
    private static final int FASTER = 60;
    private static final String USER = "alice";
    private static final int STUCK = 30;
    private static final int SLOW_PUTS = 10;
    private static final int NODE_HTTP_PORT = 7412;

    private final Set<String> driven = new TreeSet<>();

    /** What every step works on. */
    private record Watched(FaultCluster cluster, View view, TintypeClient client, Prometheus prometheus) {}

    @Test
    void everyAlarmGoesOffForWhatItIsMeantFor() throws Exception {
        Files.createDirectories(FOLDER);
        LoopDisk.releaseLeftovers(FOLDER);
        var machine = Machine.look(FOLDER);
        machine.lacks(Need.DISKS).ifPresent(AlarmsIT::skip);
        var program = Prometheus.find();
        if (program.isEmpty()) {
            skip("prometheus is not on the PATH (Debian: prometheus)");
        }
        var rules = Files.readString(RULES);
        var folder = Files.createTempDirectory(FOLDER, "run-");
        try (var cluster = new FaultCluster(folder, machine, 1);
                var view = new View(cluster)) {
            cluster.start();
            view.awaitWhole();
            impatient(cluster);
            view.awaitWhole();
            try (var client = cluster.patientClient();
                    var prometheus = Prometheus.start(
                            program.orElseThrow(),
                            folder.resolve("prometheus"),
                            cluster.network().home(cluster.clients()) + ":9090",
                            targets(cluster),
                            faster(rules))) {
                var watched = new Watched(cluster, view, client, prometheus);
                healthy(watched, rules);
                everyPanelOfTheDashboardHasFigures(watched);
                transfersThatStandStill(watched);
                aFollowerThatHangs(watched);
                aDiskThatFills(watched);
                aNodeThatKeepsDying(watched);
                var home = client.users().lookup(USER).shard();
                nodesThatAreGone(watched);
                damagedData(watched, home);
                aStoreThatDoesNotOpen(watched);
                noZooKeeper(watched);
            }
        }
        assertThat(driven).as("alarms that went off").isEqualTo(names(rules));
    }

    private static void skip(String why) {
        System.out.println("SKIPPED: no alarm was tried: " + why);
        Assumptions.abort(why);
    }

    /** Nodes give up at once what stands still. */
    private static void impatient(FaultCluster cluster) throws IOException {
        for (var node : cluster.nodes()) {
            var process = cluster.process(node);
            process.stop();
            process.become(
                    cluster.commands().node(node, cluster.volume(node).data()),
                    Map.of("TINTYPE_CONFIG_LIMITS_STALL", "1s"));
            process.start();
        }
    }

    private static Map<String, List<String>> targets(FaultCluster cluster) {
        return Map.of(
                "storage-node",
                cluster.nodes().stream()
                        .map(node -> cluster.network().home(node) + ":" + NODE_HTTP_PORT)
                        .toList(),
                "coordinator",
                cluster.coordinators().stream()
                        .map(site -> cluster.network().home(site) + ":"
                                + site.ports().get(1))
                        .toList());
    }

    /** Windows and horizons a sixtieth as long; how long it must last before somebody is called is left to Prometheus. */
    private static String faster(String rules) {
        var windows = WINDOW.matcher(rules)
                .replaceAll(found -> "["
                        + Long.parseLong(found.group(1)) * (found.group(2).equals("h") ? 3600 : 60) / FASTER + "s]");
        var horizons =
                HORIZON.matcher(windows).replaceAll(found -> ", " + Long.parseLong(found.group(1)) / FASTER + ")");
        return LASTS.matcher(horizons).replaceAll("for: 1s");
    }

    private static Set<String> names(String rules) {
        return NAME.matcher(rules).results().map(found -> found.group(1)).collect(TreeSet::new, Set::add, Set::addAll);
    }

    private void healthy(Watched watched, String rules) {
        Awaitility.await("the user is stored")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> {
                    watched.client().put(USER, "image", new byte[1000]);
                    return true;
                });
        Awaitility.await("every node was looked at some times")
                .atMost(PATIENCE)
                .until(() -> watched.prometheus().series("count_over_time(tintype_transfers_stalled_total[10s]) >= 5")
                        == watched.cluster().nodes().size());
        Awaitility.await("no alarm at a healthy cluster")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(watched.prometheus().alarms())
                        .hasSize(names(rules).size())
                        .allSatisfy((name, state) -> assertThat(state).as(name).isEqualTo("inactive")));
    }

    /** Prometheus takes each question that a panel asks, and has an answer once the cluster was used a little. */
    private static void everyPanelOfTheDashboardHasFigures(Watched watched) throws Exception {
        var questions = Prometheus.questionsOf(DASHBOARD);
        assertThat(questions).hasSizeGreaterThan(25);
        Awaitility.await("every panel has figures").atMost(PATIENCE).untilAsserted(() -> {
            watched.client().put(USER, "image", new byte[1000]);
            assertThat(watched.client().get(USER, "image").bytes()).hasSize(1000);
            for (var question : questions) {
                assertThat(watched.prometheus().series(question)).as(question).isPositive();
            }
        });
    }

    /** Waits until alarms go off. */
    private void awaitFiring(Watched watched, String... alarms) {
        Awaitility.await(Arrays.toString(alarms) + " go off").atMost(PATIENCE).untilAsserted(() -> {
            var states = watched.prometheus().alarms();
            for (var alarm : alarms) {
                assertThat(states.get(alarm)).as("%s among %s", alarm, states).isEqualTo("firing");
            }
        });
        driven.addAll(List.of(alarms));
    }

    private static void awaitSilent(Watched watched, String alarm) {
        Awaitility.await(alarm + " ends")
                .atMost(PATIENCE)
                .until(() -> "inactive".equals(watched.prometheus().alarms().get(alarm)));
    }

    /** Answers that nobody waits for. */
    private static final class Forgotten implements StreamObserver<PutResponse> {
        @Override
        public void onNext(PutResponse response) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    private void transfersThatStandStill(Watched watched) {
        var primary = primary(watched);
        ManagedChannel channel = NettyChannelBuilder.forTarget(
                        watched.cluster().network().home(primary) + ":"
                                + primary.ports().get(0))
                .usePlaintext()
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .build();
        try {
            var calls = BlobUploadGrpc.newStub(channel);
            for (int i = 0; i < STUCK; i++) {
                var id = RequestId.random(ThreadLocalRandom.current());
                calls.put(new Forgotten())
                        .onNext(PutRequest.newBuilder()
                                .setHeader(PutHeader.newBuilder()
                                        .setUser(USER)
                                        .setName("never sent")
                                        .setRequestId(Wire.bytes(id)))
                                .build());
            }
            awaitFiring(watched, "TransfersStall");
        } finally {
            channel.shutdownNow();
        }
    }

    /** A slow write shows for some seconds only; where Prometheus was late, there is another one. */
    private void aFollowerThatHangs(Watched watched) throws IOException {
        long began = System.nanoTime();
        boolean fired = false;
        for (int puts = 0; puts < SLOW_PUTS && !fired; puts++) {
            aSlowPut(watched);
            watched.view().awaitWhole();
            fired = hasFired(watched, "WritesAreSlow", began);
        }
        assertThat(fired)
                .as("WritesAreSlow went off after one of %d slow writes", SLOW_PUTS)
                .isTrue();
        driven.add("WritesAreSlow");
        awaitSilent(watched, "NodeDown");
    }

    /** It ends once the follower is left out. */
    private static void aSlowPut(Watched watched) {
        var primary = primary(watched);
        var follower = watched.cluster().nodes().stream()
                .filter(node -> !node.equals(primary))
                .findFirst()
                .orElseThrow();
        watched.cluster().process(follower).pause();
        try {
            watched.client().put(USER, "slow", new byte[1000]);
        } finally {
            watched.cluster().process(follower).resume();
        }
    }

    /** Whether an alarm went off at some time since a moment of {@link System#nanoTime}. */
    private static boolean hasFired(Watched watched, String alarm, long since) throws IOException {
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since));
        var firing = "ALERTS{alertname=\"%s\",alertstate=\"firing\"}[%ds]".formatted(alarm, seconds);
        return watched.prometheus().series("max_over_time(" + firing + ")") > 0;
    }

    private void aDiskThatFills(Watched watched) throws IOException {
        var disk = (LoopDisk) watched.cluster().volume(watched.cluster().nodes().get(2));
        disk.leave(1L << 30);
        awaitFiring(watched, "DiskFillsUp", "DiskFullInADay");
        disk.free();
        disk.leave(300L << 20);
        awaitFiring(watched, "DiskReadOnly");
        disk.free();
        awaitSilent(watched, "DiskReadOnly");
        awaitSilent(watched, "DiskFillsUp");
    }

    /**
     * Killed again as soon as it was seen, as something that ends at each start would be. The others serve on, and nothing
     * is moved or copied for it: it has its disk, and is back each time before it counts as lost.
     */
    private void aNodeThatKeepsDying(Watched watched) throws IOException {
        var node = watched.cluster().nodes().get(1);
        var process = watched.cluster().process(node);
        var name = watched.cluster().network().home(node) + ":" + NODE_HTTP_PORT;
        var started = "changes(process_start_time_seconds{instance=\"" + name + "\"}[60s]) >= ";
        var placed = places(watched);
        var others = "sum(tintype_snapshots_sent_bytes_total{instance!=\"" + name + "\"})";
        double sent = watched.prometheus().value(others);
        for (int times = 1; times <= 4; times++) {
            process.kill();
            process.start();
            int seen = times;
            watched.client().put(USER, "image", new byte[1000]);
            Awaitility.await(node + " was seen after start " + times)
                    .atMost(PATIENCE)
                    .until(() -> watched.prometheus().series(started + seen) > 0);
        }
        awaitFiring(watched, "CrashLoop");
        watched.view().awaitWhole();
        assertThat(places(watched)).as("where replicas are").isEqualTo(placed);
        assertThat(watched.client().balancing().plans()).as("plans made").isEmpty();
        assertThat(watched.prometheus().value(others))
                .as("bytes of snapshots sent by the others")
                .isEqualTo(sent);
    }

    private static Map<ShardId, Set<NodeId>> places(Watched watched) {
        return watched.client().admin().shards().stream()
                .collect(Collectors.toMap(ShardInfo::id, shard -> Set.copyOf(shard.replicas())));
    }

    private void nodesThatAreGone(Watched watched) {
        var nodes = watched.cluster().nodes();
        watched.cluster().process(nodes.get(1)).kill();
        watched.cluster().process(nodes.get(2)).kill();
        awaitFiring(watched, "NodeDown", "ShardUnhealthy");
        whoIsAloneSaysThatItCannotServe(watched, nodes.get(0));
        watched.cluster().process(nodes.get(0)).stop();
        awaitFiring(watched, "ShardWithoutPrimary");
    }

    /** It runs, its disk is well, and it has all data: and yet it must not say that it is ready. */
    private static void whoIsAloneSaysThatItCannotServe(Watched watched, Site node) {
        var address = "http://" + watched.cluster().network().home(node) + ":" + NODE_HTTP_PORT;
        Awaitility.await(node + " says that it cannot serve")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> {
                    assertThat(page(address + "/health/ready").statusCode()).isEqualTo(503);
                    assertThat(page(address + "/health/ready").body()).contains("shards that do not do their part");
                    assertThat(page(address + "/health/shards").body()).contains("\"serving\":false");
                    assertThat(page(address + "/health/live").statusCode()).isEqualTo(200);
                });
    }

    private static HttpResponse<String> page(String address) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Chunks that have other bits, and a shard that does not open, on every disk: no copy is left to mend from. */
    private void damagedData(Watched watched, ShardId home) throws Exception {
        for (var node : watched.cluster().nodes()) {
            damage(watched.cluster().volume(node).data(), home);
            watched.cluster().process(node).start();
        }
        awaitFiring(watched, "ReplicaFailed");
        Awaitility.await("damage is found").atMost(PATIENCE).until(() -> {
            attempt(() -> watched.client().get(USER, "image"));
            return watched.prometheus().series("tintype_chunks_damaged_total > 0") > 0;
        });
        awaitFiring(watched, "DamageFound");
    }

    private static void attempt(Runnable action) {
        try {
            action.run();
        } catch (TintypeException e) {
            // Refused, as it must be: what is asked for is damaged.
        }
    }

    private static void damage(Path data, ShardId home) throws Exception {
        var identity = Disk.identify(data).orElseThrow();
        var config = DiskConfig.of(data, identity.clusterId())
                .withMemory(8 << 20, 4 << 20)
                .withReserve(0);
        try (var disk = Disk.open(config)) {
            var write = new Write();
            var broken = ShardStore.list(disk).stream()
                    .filter(shard -> !shard.equals(home))
                    .max(Comparator.comparingInt(ShardId::value))
                    .orElseThrow();
            var mark = ByteBuffer.allocate(5).putInt(broken.value()).put((byte) 'A');
            write.put(Family.META, mark.array(), new byte[7]);
            try (var chunks = disk.scan(Family.CHUNK, new byte[0], new byte[] {-1, -1, -1, -1})) {
                for (; chunks.valid(); chunks.next()) {
                    var value = chunks.value();
                    value[value.length - 1] ^= 1;
                    write.put(Family.CHUNK, chunks.key(), value);
                }
            }
            disk.committer().commit(write).join();
        }
    }

    private void aStoreThatDoesNotOpen(Watched watched) throws Exception {
        var node = watched.cluster().nodes().get(0);
        watched.cluster().process(node).stop();
        try (var files = Files.list(watched.cluster().volume(node).data().resolve("store"))) {
            var manifest = files.filter(file -> file.getFileName().toString().startsWith("MANIFEST"))
                    .findFirst()
                    .orElseThrow();
            try (var bytes = new RandomAccessFile(manifest.toFile(), "rw")) {
                bytes.seek(bytes.length() / 2);
                int value = bytes.read();
                bytes.seek(bytes.length() / 2);
                bytes.write(value ^ 1);
            }
        }
        watched.cluster().process(node).start();
        Awaitility.await("a store is set aside")
                .atMost(PATIENCE)
                .until(() -> watched.prometheus().series("max by (instance) (tintype_disk_set_aside) > 0") > 0);
        awaitFiring(watched, "DamageFound");
    }

    private void noZooKeeper(Watched watched) {
        watched.cluster()
                .zooKeepers()
                .forEach(site -> watched.cluster().process(site).kill());
        awaitFiring(watched, "ZooKeeperUnreachable");
    }

    private static Site primary(Watched watched) {
        var home = watched.client().users().lookup(USER).shard();
        var leader = watched.client().admin().shards().stream()
                .filter(shard -> shard.id().equals(home))
                .findFirst()
                .flatMap(shard -> shard.primary().map(NodeId::value))
                .orElseThrow();
        return watched.cluster().nodes().stream()
                .filter(node -> node.name().equals(leader))
                .findFirst()
                .orElseThrow();
    }
}
