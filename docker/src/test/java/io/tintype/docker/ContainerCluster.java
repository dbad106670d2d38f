// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ExposedPort;
import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * ZooKeeper, three storage nodes in two zones, and a coordinator, each in a container, on a network of their own. Used by
 * one thread; closing it removes everything.
 */
final class ContainerCluster implements AutoCloseable {
    static final int NODES = 3;
    private static final Duration START = Duration.ofMinutes(3);
    private static final int GRPC = 7400;
    private static final int HTTP = 7480;
    private static final int NODE_HTTP = 7412;
    private static final int STOP_SECONDS = 60;
    private static final Pattern MAX_HEAP = Pattern.compile("-XX:MaxHeapSize=(\\d+)");
    static final long ZOOKEEPER_MEMORY = 256L << 20;
    static final long SERVER_MEMORY = 640L << 20;

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final Network network = Network.newNetwork();
    private final GenericContainer<?> zooKeeper = container("zookeeper", "zookeeper", ZOOKEEPER_MEMORY, Map.of())
            .waitingFor(Wait.forHealthcheck().withStartupTimeout(START));
    private final List<GenericContainer<?>> nodes = new ArrayList<>();
    private final GenericContainer<?> coordinator;

    ContainerCluster() {
        for (int number = 1; number <= NODES; number++) {
            nodes.add(storageNode(number));
        }
        coordinator = coordinator("coordinator");
    }

    private GenericContainer<?> coordinator(String name) {
        return container(
                        "coordinator",
                        name,
                        SERVER_MEMORY,
                        Map.of(
                                "TINTYPE_CONFIG_ID", name,
                                "TINTYPE_CONFIG_ZOOKEEPER_CONNECT", "zookeeper:2181",
                                "TINTYPE_CONFIG_REGION", "eu",
                                "TINTYPE_CONFIG_CONTROL_INITIAL_SHARDS", "2",
                                "TINTYPE_CONFIG_CONTROL_DIRECTORY_SHARDS", "1",
                                "TINTYPE_CONFIG_ADVERTISED_HOST", name))
                .withExposedPorts(GRPC, HTTP)
                .waitingFor(Wait.forHttp("/health/ready").forPort(HTTP).withStartupTimeout(START));
    }

    /** Starts one more coordinator, and stops it by SIGTERM once it is ready; its exit code. */
    long startAndStopAnotherCoordinator() {
        try (var another = coordinator("coordinator-2")) {
            another.start();
            docker.stopContainerCmd(another.getContainerId())
                    .withTimeout(STOP_SECONDS)
                    .exec();
            var code = docker.inspectContainerCmd(another.getContainerId())
                    .exec()
                    .getState()
                    .getExitCodeLong();
            return code == null ? -1 : code;
        }
    }

    private GenericContainer<?> storageNode(int number) {
        return container("storage-node", name(number), SERVER_MEMORY, nodeSettings(number))
                .withExposedPorts(NODE_HTTP)
                .waitingFor(Wait.forHttp("/health/live").forPort(NODE_HTTP).withStartupTimeout(START));
    }

    /** Starts one more node, which has nothing; its name. */
    String grow() {
        int number = nodes.size() + 1;
        var added = storageNode(number);
        nodes.add(added);
        added.start();
        return name(number);
    }

    private static Map<String, String> nodeSettings(int number) {
        return Map.of(
                "TINTYPE_CONFIG_ZOOKEEPER_CONNECT",
                "zookeeper:2181",
                "TINTYPE_CONFIG_ID",
                name(number),
                "TINTYPE_CONFIG_REGION",
                "eu",
                "TINTYPE_CONFIG_ZONE",
                number == 1 ? "a" : "b",
                "TINTYPE_CONFIG_LISTEN_ADVERTISED_HOST",
                name(number));
    }

    private GenericContainer<?> container(String image, String name, long memory, Map<String, String> environment) {
        return new GenericContainer<>(Images.named(image))
                .withNetwork(network)
                .withNetworkAliases(name)
                .withEnv(environment)
                .withCreateContainerCmdModifier(command -> {
                    command.withHostName(name);
                    var host = command.getHostConfig();
                    if (host != null) {
                        host.withMemory(memory);
                    }
                });
    }

    /** Starts all of it; returns once it can store. */
    ContainerCluster start() {
        zooKeeper.start();
        nodes.forEach(GenericContainer::start);
        coordinator.start();
        return this;
    }

    static String name(int node) {
        return "node-" + node;
    }

    /** A client that goes through the coordinator's published port: it cannot reach anything else. */
    TintypeClient client() {
        return TintypeClient.builder()
                .seeds(coordinator.getHost() + ":" + coordinator.getMappedPort(GRPC))
                .direct(false)
                .requestTimeout(Duration.ofSeconds(30))
                .build();
    }

    /** Where the coordinator serves HTTP, without a slash at the end. */
    String http() {
        return "http://" + coordinator.getHost() + ":" + coordinator.getMappedPort(HTTP);
    }

    /** Where a node serves health over HTTP now: the engine publishes it elsewhere after each start. */
    String nodeHttp(int node) throws IOException {
        var bindings = docker.inspectContainerCmd(id(node))
                .exec()
                .getNetworkSettings()
                .getPorts()
                .getBindings()
                .get(ExposedPort.tcp(NODE_HTTP));
        if (bindings == null || bindings.length == 0) {
            throw new IOException("no port of " + name(node) + " is published at the moment");
        }
        return "http://127.0.0.1:" + bindings[0].getHostPortSpec();
    }

    /** All that a coordinator and a node tell Prometheus. */
    List<String> metricsPages() throws IOException {
        return List.of(http() + "/metrics", nodeHttp(1) + "/metrics");
    }

    /** The most that ZooKeeper's heap may take: its own JVM's word. */
    double zooKeeperHeap() throws IOException, InterruptedException {
        var flags = zooKeeper.execInContainer("jcmd", "1", "VM.flags");
        var found = MAX_HEAP.matcher(flags.getStdout());
        if (!found.find()) {
            throw new IllegalStateException("jcmd said " + flags.getStdout() + flags.getStderr());
        }
        return Double.parseDouble(found.group(1));
    }

    /** SIGKILL, as when the machine loses power, but with its disk's cache kept; the container stays. */
    void kill(int node) {
        docker.killContainerCmd(id(node)).exec();
    }

    /** SIGTERM, and the time to hand over; tells how long it took to end. */
    Duration stop(int node) {
        long before = System.nanoTime();
        docker.stopContainerCmd(id(node)).withTimeout(STOP_SECONDS).exec();
        return Duration.ofNanos(System.nanoTime() - before);
    }

    /** The exit code of a node that has ended. */
    long exitCode(int node) {
        var code = docker.inspectContainerCmd(id(node)).exec().getState().getExitCodeLong();
        return code == null ? -1 : code;
    }

    /** Starts a node that was killed or stopped, on the data it had. */
    void startAgain(int node) {
        docker.startContainerCmd(id(node)).exec();
    }

    void pause(int node) {
        docker.pauseContainerCmd(id(node)).exec();
    }

    void resume(int node) {
        docker.unpauseContainerCmd(id(node)).exec();
    }

    void disconnect(int node) {
        docker.disconnectFromNetworkCmd()
                .withContainerId(id(node))
                .withNetworkId(network.getId())
                .exec();
    }

    void connect(int node) {
        docker.connectToNetworkCmd()
                .withContainerId(id(node))
                .withNetworkId(network.getId())
                .withContainerNetwork(new ContainerNetwork().withAliases(name(node)))
                .exec();
    }

    /** Undoes whatever was done to a node. */
    void mend(int node) {
        var now = docker.inspectContainerCmd(id(node)).exec();
        if (Boolean.TRUE.equals(now.getState().getPaused())) {
            resume(node);
        }
        if (!now.getNetworkSettings().getNetworks().containsKey(networkName())) {
            connect(node);
        }
        if (!Boolean.TRUE.equals(now.getState().getRunning())) {
            startAgain(node);
        }
    }

    private String networkName() {
        return docker.inspectNetworkCmd().withNetworkId(network.getId()).exec().getName();
    }

    /** Whether the engine's own health check finds the node well. */
    boolean isHealthy(int node) {
        var health = docker.inspectContainerCmd(id(node)).exec().getState().getHealth();
        return health != null && "healthy".equals(health.getStatus());
    }

    /** As whom a node runs. */
    String user(int node) {
        var config = docker.inspectContainerCmd(id(node)).exec().getConfig();
        return String.valueOf(config.getUser());
    }

    /** What a node has logged, for whoever looks into a failure. */
    String log(int node) {
        return nodes.get(node - 1).getLogs();
    }

    private String id(int node) {
        return nodes.get(node - 1).getContainerId();
    }

    @Override
    public void close() {
        coordinator.stop();
        nodes.forEach(GenericContainer::stop);
        zooKeeper.stop();
        network.close();
    }
}
