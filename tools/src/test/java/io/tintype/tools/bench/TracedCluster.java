// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.trace.TracingSettings;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.storage.node.DiskSettings;
import io.tintype.storage.node.StorageNode;
import io.tintype.storage.node.StorageNodeConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The process of {@link TraceCostIT}: three nodes and a coordinator that trace a hundredth of the calls that nobody decided
 * about. Prints where it listens, and ends when its standard input does.
 */
final class TracedCluster {
    private static final int NODES = 3;
    private static final int MEMORY = 64 << 20;
    private static final double SAMPLED = 0.01;

    private TracedCluster() {}

    /** Takes a folder, and where traces go. */
    public static void main(String[] arguments) throws Exception {
        Deque<AutoCloseable> running = new ArrayDeque<>();
        var folder = Path.of(arguments[0]);
        var tracing = new TracingSettings(arguments[1], SAMPLED);
        var zooKeeper = EmbeddedZooKeeper.start(Files.createDirectories(folder.resolve("zookeeper")), 0);
        running.push(zooKeeper);
        for (int number = 1; number <= NODES; number++) {
            running.push(StorageNode.start(StorageNodeConfig.defaults()
                    .withId("node-" + number)
                    .withZookeeper(zooKeeper.connectString())
                    .withDataDir(Files.createDirectories(folder.resolve("node-" + number)))
                    .withDisk(new DiskSettings(MEMORY, MEMORY, 0, 0, 0))
                    .withListen("127.0.0.1", 0, 0)
                    .withTracing(tracing)));
        }
        var coordinator = Coordinator.start(CoordinatorConfig.DEFAULTS
                .withZookeeper(ZkConfig.of(zooKeeper.connectString()))
                .withPorts(0, 0)
                .withTracing(tracing));
        running.push(coordinator);
        System.out.println("127.0.0.1:" + coordinator.grpcPort());
        while (System.in.read() >= 0) {
            // Whoever started this goes on.
        }
        for (var server : running) {
            server.close();
        }
    }
}
