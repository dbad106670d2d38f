// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.Server;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.report.NodeReportService;
import io.tintype.storage.report.ReadTimes;
import io.tintype.storage.shard.HostReports;
import io.tintype.storage.shard.ShardHost;
import io.tintype.storage.shard.ShardHostConfig;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.Shards;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.zookeeper.ZooKeeper;

/** One storage node without its public services. For tests. */
final class TestNode implements AutoCloseable {
    private final NodeId id;
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Disk disk;
    private final ZkSession session;
    private final NodesWatcher watcher;
    private final PeerNetwork network;
    private final ShardHost host;
    private final Server server;
    private final NodeRegistration registration;

    private TestNode(TestCluster cluster, NodeId id, Path directory, String region) throws Exception {
        this.id = id;
        this.disk = Disk.openOrSetAside(DiskConfig.of(directory, TestCluster.CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        this.session = cluster.connect();
        this.watcher = NodesWatcher.start(session);
        this.network = new PeerNetwork(id, TestCluster.CLUSTER, cluster::address, registry);
        this.host = ShardHost.start(ShardHostConfig.of(id, disk, session, watcher, network, registry)
                .withTiming(cluster.timing())
                .withClock(cluster::now)
                .withSnapshotRate(cluster.snapshotRate())
                .in(region));
        this.server = GrpcServers.builder("127.0.0.1", 0)
                .directExecutor()
                .addStreamTracerFactory(Unreadable.tooLarge(registry))
                .addService(network.service(host.peerShards()))
                .addService(network.orders(host.peerShards()))
                .addService(new NodeReportService(
                        id, TestCluster.CLUSTER, host.reports(), new ReadTimes(System::nanoTime), 0, List::of))
                .build()
                .start();
        network.startHeartbeats(host.peerShards(), cluster.timing());
        this.registration = NodeRegistration.start(
                session,
                new NodePresence(
                        id,
                        id.value().getBytes(StandardCharsets.UTF_8),
                        System.nanoTime() | 1,
                        peerAddress(),
                        peerAddress(),
                        region,
                        "a",
                        0,
                        Set.of()));
        registration.registered().join();
    }

    static TestNode start(TestCluster cluster, NodeId id, Path directory, String region) throws Exception {
        return new TestNode(cluster, id, directory, region);
    }

    NodeId id() {
        return id;
    }

    String peerAddress() {
        return "127.0.0.1:" + server.getPort();
    }

    SimpleMeterRegistry registry() {
        return registry;
    }

    /** Paths that ZooKeeper tells this node of, with all below them. */
    List<String> watched() throws Exception {
        var watches = ZooKeeper.class.getDeclaredMethod("getPersistentRecursiveWatches");
        watches.setAccessible(true); // protected: there is no other way to ask a client
        var paths = new ArrayList<String>();
        ((List<?>) watches.invoke(session.curator().getZookeeperClient().getZooKeeper()))
                .forEach(path -> paths.add(String.valueOf(path)));
        return paths;
    }

    Disk disk() {
        return disk;
    }

    Shards shards() {
        return host.shards();
    }

    /** As a node that is about to end; {@link #close} follows. */
    void leave() {
        host.leave();
    }

    HostReports reports() {
        return host.reports();
    }

    Optional<ShardReplica> replica() {
        return host.shards().find(TestCluster.SHARD);
    }

    /** Stops without a word to the others, as far as one JVM allows. */
    @Override
    public void close() {
        server.shutdownNow();
        network.close();
        host.close();
        registration.close();
        watcher.close();
        session.close();
        disk.close();
    }
}
