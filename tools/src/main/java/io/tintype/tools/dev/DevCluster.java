// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.tools.dev.DevFile.DevNode;
import io.tintype.tools.dev.ServerLauncher.CoordinatorPlan;
import io.tintype.tools.dev.ServerLauncher.NodePlan;
import io.tintype.tools.dev.ServerLauncher.Running;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A whole cluster on this machine: ZooKeeper in this process, storage nodes, a coordinator. Used by one thread. */
final class DevCluster implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DevCluster.class);
    private static final int REPLICAS = 3;

    private final EmbeddedZooKeeper zooKeeper;
    private final List<Running> nodes;
    private final Running coordinator;
    private final Deque<AutoCloseable> running;

    private DevCluster(
            EmbeddedZooKeeper zooKeeper, List<Running> nodes, Running coordinator, Deque<AutoCloseable> running) {
        this.zooKeeper = zooKeeper;
        this.nodes = List.copyOf(nodes);
        this.coordinator = coordinator;
        this.running = running;
    }

    /**
     * Starts everything and returns once all servers run, which is a little before they are ready.
     *
     * @param data the data directory
     * @param died told in words when a server ends by itself
     */
    static DevCluster start(Path data, int nodeCount, DevPorts ports, ServerLauncher launcher, Consumer<String> died)
            throws Exception {
        Deque<AutoCloseable> running = new ArrayDeque<>();
        try {
            var zooKeeper =
                    EmbeddedZooKeeper.start(Files.createDirectories(data.resolve("zookeeper")), ports.zooKeeper());
            running.push(zooKeeper);
            var keys = DevKeys.in(data);
            List<Running> nodes = new ArrayList<>();
            for (int number = 1; number <= nodeCount; number++) {
                var id = "node-" + number;
                var node = launcher.storageNode(new NodePlan(
                        id,
                        Files.createDirectories(data.resolve(id)),
                        zooKeeper.connectString(),
                        ports.node(number),
                        ports.nodePeers(number),
                        keys));
                running.push(node.stop());
                nodes.add(node);
            }
            var coordinator = launcher.coordinator(new CoordinatorPlan(
                    zooKeeper.connectString(), ports.grpc(), ports.http(), Math.min(REPLICAS, nodeCount)));
            running.push(coordinator.stop());
            nodes.forEach(node -> watch(node, died));
            watch(coordinator, died);
            return new DevCluster(zooKeeper, nodes, coordinator, running);
        } catch (Exception e) {
            stopAll(running);
            throw e;
        }
    }

    /** Where everything is. */
    DevFile describe(boolean processes) {
        return new DevFile(
                ProcessHandle.current().pid(),
                processes,
                coordinator.address(),
                "http://" + coordinator.otherAddress(),
                zooKeeper.connectString(),
                coordinator.pid(),
                nodes.stream()
                        .map(node -> new DevNode(node.name(), node.address(), node.otherAddress(), node.pid()))
                        .toList());
    }

    /** Stops everything, the last started first. */
    @Override
    public void close() {
        stopAll(running);
    }

    private static void watch(Running server, Consumer<String> died) {
        var unused = server.ended().thenAccept(what -> {
            if (!what.isEmpty()) {
                died.accept(what);
            }
        });
    }

    private static void stopAll(Deque<AutoCloseable> running) {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.warn("a server did not stop cleanly", e);
            }
        }
    }
}
