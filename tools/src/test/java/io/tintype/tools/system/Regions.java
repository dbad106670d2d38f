// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.tintype.client.TintypeClient;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.coordinator.control.ControlSettings;
import io.tintype.storage.node.StorageNode;
import io.tintype.storage.node.StorageNodeConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A cluster over several regions and zones, all of it in this process: real servers, real disks, real ZooKeeper. */
final class Regions implements AutoCloseable {
    private static final int MEMORY = 8 << 20;

    private final Path folder;
    private final EmbeddedZooKeeper zooKeeper;
    private final Map<String, StorageNode> nodes = new HashMap<>();
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final List<Coordinator> coordinators = new ArrayList<>();

    private Regions(Path folder) throws Exception {
        this.folder = folder;
        this.zooKeeper = EmbeddedZooKeeper.start(Files.createDirectories(folder.resolve("zookeeper")), 0);
        running.push(zooKeeper);
    }

    /**
     * Starts one.
     *
     * @param control how pools begin and grow
     * @param places each node's region, zone and perhaps labels, as {@code "eu/a/ssd"}; nodes are n1, n2 and so on
     */
    static Regions start(String name, ControlSettings control, String... places) throws Exception {
        var cluster = new Regions(Dev.folder(name));
        try {
            for (int i = 0; i < places.length; i++) {
                var place = places[i].split("/", 3);
                cluster.startNode(
                        "n" + (i + 1), place[0], place[1], List.of(place).subList(2, place.length));
            }
            cluster.startCoordinator(places[0].split("/", 2)[0], control);
            return cluster;
        } catch (Exception e) {
            cluster.close();
            throw e;
        }
    }

    /** Starts a node, perhaps again. */
    void startNode(String id, String region, String zone) throws Exception {
        startNode(id, region, zone, List.of());
    }

    private void startNode(String id, String region, String zone, List<String> labels) throws Exception {
        var defaults = StorageNodeConfig.defaults();
        var disk = new io.tintype.storage.node.DiskSettings(MEMORY, MEMORY, 0, 0, 0);
        var node = StorageNode.start(defaults.withId(id)
                .withZookeeper(zooKeeper.connectString())
                .withDataDir(Files.createDirectories(folder.resolve(id)))
                .withPlace(region, zone)
                .withLabels(labels)
                .withDisk(disk)
                .withListen("127.0.0.1", 0, 0));
        nodes.put(id, node);
    }

    /** Stops a node. */
    void stopNode(String id) {
        Objects.requireNonNull(nodes.remove(id), id).close();
    }

    /** Starts another coordinator; it is next in number. */
    void startCoordinator(String region, ControlSettings control) {
        var config = CoordinatorConfig.DEFAULTS
                .withRegion(region)
                .withPorts(0, 0)
                .withControl(control)
                .withZookeeper(ZkConfig.of(zooKeeper.connectString()));
        var coordinator = Coordinator.start(config);
        running.push(coordinator);
        coordinators.add(coordinator);
    }

    /** What every process here tells Prometheus. */
    List<String> scrapes() throws Exception {
        var all = new ArrayList<String>();
        nodes.values().forEach(node -> all.add(node.scrape()));
        var page = HttpRequest.newBuilder(URI.create(http() + "/metrics")).build();
        all.add(HttpClient.newHttpClient().send(page, BodyHandlers.ofString()).body());
        return all;
    }

    /** Reads of blobs that a node has been asked for by now. */
    long gets(String node) {
        return Pattern.compile(
                        "tintype_grpc_server_calls_seconds_count\\{method=\"[^\"]*BlobRetrieval/Get\",.*\\} (\\S+)")
                .matcher(Objects.requireNonNull(nodes.get(node), node).scrape())
                .results()
                .mapToLong(line -> (long) Double.parseDouble(line.group(1)))
                .sum();
    }

    /** Where the first coordinator serves HTTP, without a slash at the end. */
    String http() {
        return "http://127.0.0.1:" + coordinators.get(0).httpPort().orElseThrow();
    }

    /** host:port of the first coordinator's gRPC. */
    String server() {
        return server(0);
    }

    private String server(int coordinator) {
        return "127.0.0.1:" + coordinators.get(coordinator).grpcPort();
    }

    /** A client without a cache, of the first coordinator. */
    TintypeClient client() {
        return client(0);
    }

    /** A client without a cache that knows one coordinator alone, counted from 0. */
    TintypeClient client(int coordinator) {
        return TintypeClient.builder()
                .seeds(server(coordinator))
                .requestTimeout(Duration.ofSeconds(60))
                .nearCacheBytes(0)
                .build();
    }

    /** Files of nodes and of ZooKeeper that have these bytes in a row, by whose they are. */
    Map<String, List<Path>> filesWith(byte[] bytes) throws IOException {
        var found = new TreeMap<String, List<Path>>();
        for (var path : LiveFiles.with(folder, bytes)) {
            var whose = folder.relativize(path).getName(0).toString();
            found.computeIfAbsent(whose, any -> new ArrayList<>()).add(path);
        }
        return found;
    }

    @Override
    public void close() {
        while (!running.isEmpty() && running.size() > 1) {
            close(running.pop());
        }
        nodes.values().forEach(Regions::close);
        running.forEach(Regions::close);
    }

    private static void close(AutoCloseable server) {
        try {
            server.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
