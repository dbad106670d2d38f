// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.Volume;
import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A cluster whose processes can be replaced by those of other images, one by one, on the data they had and under the
 * addresses they had: ZooKeeper, three storage nodes in two zones, two coordinators. Used by one thread; closing it removes
 * everything.
 */
final class RollingCluster implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);
    private static final int GRPC = 7400;
    private static final int HTTP = 7480;
    private static final int NODE_HTTP = 7412;
    private static final int STOP_SECONDS = 60;
    private static final long MEMORY = 640L << 20;
    private static final String ZOOKEEPER = "zookeeper";

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final Network network = Network.newNetwork();
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Map<String, GenericContainer<?>> running = new HashMap<>();

    /**
     * One process.
     *
     * @param volume where it keeps its data, and the volume's name; empty: it keeps nothing
     * @param ports those inside, with the ones of this machine that lead there
     * @param health the path that says that it runs, and the port inside; empty: the engine asks
     */
    private record Part(
            String image,
            Map<String, String> settings,
            Map<String, String> volume,
            Map<Integer, Integer> ports,
            Map<String, Integer> health) {}

    RollingCluster() throws IOException {
        parts.put(ZOOKEEPER, new Part("zookeeper", Map.of(), volume("/var/lib/zookeeper"), Map.of(), Map.of()));
        for (int number = 1; number <= 3; number++) {
            var name = "node-" + number;
            parts.put(
                    name,
                    new Part(
                            "storage-node",
                            settings(Map.of(
                                    "TINTYPE_CONFIG_ID",
                                    name,
                                    "TINTYPE_CONFIG_ZONE",
                                    number == 1 ? "a" : "b",
                                    "TINTYPE_CONFIG_LISTEN_ADVERTISED_HOST",
                                    name)),
                            volume("/var/lib/tintype"),
                            Map.of(NODE_HTTP, freePort()),
                            Map.of("/health/live", NODE_HTTP)));
        }
        for (int number = 1; number <= 2; number++) {
            var name = "coordinator-" + number;
            parts.put(
                    name,
                    new Part(
                            "coordinator",
                            settings(Map.of(
                                    "TINTYPE_CONFIG_ID",
                                    name,
                                    "TINTYPE_CONFIG_CONTROL_INITIAL_SHARDS",
                                    "2",
                                    "TINTYPE_CONFIG_CONTROL_DIRECTORY_SHARDS",
                                    "1",
                                    "TINTYPE_CONFIG_CONTROL_NEW_SHARDS_PER_MINUTE",
                                    "0",
                                    "TINTYPE_CONFIG_ADVERTISED_HOST",
                                    name)),
                            Map.of(),
                            Map.of(GRPC, freePort(), HTTP, freePort()),
                            Map.of("/health/ready", HTTP)));
        }
    }

    private static Map<String, String> settings(Map<String, String> own) {
        var all = new HashMap<>(own);
        all.put("TINTYPE_CONFIG_ZOOKEEPER_CONNECT", ZOOKEEPER + ":2181");
        all.put("TINTYPE_CONFIG_REGION", "eu");
        return all;
    }

    private Map<String, String> volume(String path) {
        return Map.of(path, docker.createVolumeCmd().exec().getName());
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts all of it from images of a tag. */
    RollingCluster start(String tag) {
        parts.keySet().forEach(name -> start(name, tag));
        return this;
    }

    /** Names of all processes, in the order in which they are upgraded: nodes, coordinators, ZooKeeper. */
    List<String> processes() {
        var names = new ArrayList<>(parts.keySet());
        names.sort(Comparator.comparing((String name) -> name.equals(ZOOKEEPER)).thenComparing(name -> !isNode(name)));
        return names;
    }

    /** Names of the storage nodes. */
    List<String> nodes() {
        return parts.keySet().stream().filter(RollingCluster::isNode).toList();
    }

    private static boolean isNode(String name) {
        return name.startsWith("node-");
    }

    /** Stops a process in good order, and starts another image in its place. */
    void replace(String name, String tag) {
        var old = running.get(name);
        if (old != null) {
            docker.stopContainerCmd(old.getContainerId())
                    .withTimeout(STOP_SECONDS)
                    .exec();
            old.stop();
        }
        start(name, tag);
    }

    private void start(String name, String tag) {
        var part = parts.get(name);
        if (part == null) {
            throw new IllegalArgumentException("there is no " + name);
        }
        var container = new GenericContainer<>(Images.named(part.image(), tag))
                .withNetwork(network)
                .withNetworkAliases(name)
                .withEnv(part.settings())
                .withExposedPorts(part.ports().keySet().toArray(Integer[]::new))
                .withCreateContainerCmdModifier(command -> {
                    command.withHostName(name);
                    var host = command.getHostConfig();
                    if (host != null) {
                        host.withMemory(MEMORY)
                                .withBinds(part.volume().entrySet().stream()
                                        .map(one -> new Bind(one.getValue(), new Volume(one.getKey())))
                                        .toList())
                                .withPortBindings(part.ports().entrySet().stream()
                                        .map(one -> new PortBinding(
                                                Ports.Binding.bindIpAndPort("127.0.0.1", one.getValue()),
                                                ExposedPort.tcp(one.getKey())))
                                        .toList());
                    }
                });
        container.waitingFor(
                part.health().isEmpty()
                        ? Wait.forHealthcheck().withStartupTimeout(START)
                        : Wait.forHttp(part.health().keySet().iterator().next())
                                .forPort(part.health().values().iterator().next())
                                .withStartupTimeout(START));
        container.start();
        running.put(name, container);
    }

    /** Where a node serves health over HTTP. */
    String http(String node) {
        return "http://127.0.0.1:" + port(node, NODE_HTTP);
    }

    private int port(String name, int inside) {
        var part = parts.get(name);
        var port = part == null ? null : part.ports().get(inside);
        if (port == null) {
            throw new IllegalArgumentException(name + " has no port " + inside);
        }
        return port;
    }

    /** A client that goes through both coordinators' published ports: it cannot reach anything else. */
    TintypeClient client() {
        return client(Duration.ofSeconds(60));
    }

    /** One that gives up after this time. */
    TintypeClient client(Duration timeout) {
        return TintypeClient.builder()
                .seeds("127.0.0.1:" + port("coordinator-1", GRPC), "127.0.0.1:" + port("coordinator-2", GRPC))
                .direct(false)
                .requestTimeout(timeout)
                .build();
    }

    @Override
    public void close() {
        running.values().forEach(GenericContainer::stop);
        network.close();
        for (var part : parts.values()) {
            for (var volume : part.volume().values()) {
                try {
                    docker.removeVolumeCmd(volume).exec();
                } catch (DockerException e) {
                    System.err.println("volume " + volume + " is left behind: " + e.getMessage());
                }
            }
        }
    }
}
