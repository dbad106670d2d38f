// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.Deadline;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.ZnodeLocator;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.metrics.ProcessMetrics;
import io.tintype.cluster.metrics.Queues;
import io.tintype.cluster.trace.Tracing;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.keys.UserKeys;
import io.tintype.storage.move.UserMoves;
import io.tintype.storage.peer.PeerNetwork;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.report.NodeReportService;
import io.tintype.storage.report.ReadTimes;
import io.tintype.storage.rpc.Homes;
import io.tintype.storage.rpc.RpcServices;
import io.tintype.storage.shard.Clock;
import io.tintype.storage.shard.HostReports;
import io.tintype.storage.shard.ShardHost;
import io.tintype.storage.shard.ShardHostConfig;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Puts together what serves a node's shards: replicas, peers, calls and moves. Used by the thread that starts the node, which keeps
 * what {@link Closing} is to close.
 */
final class NodeParts {
    private final StorageNodeConfig config;
    private final NodeId self;
    private final String clusterId;
    private final Closing closing;
    private final ProcessMetrics process;
    private final Tracing tracing;
    private final NodeHealth health;
    private final NodeServers servers;

    NodeParts(
            StorageNodeConfig config,
            NodeId self,
            String clusterId,
            Closing closing,
            ProcessMetrics process,
            Tracing tracing,
            NodeHealth health,
            NodeServers servers) {
        this.config = config;
        this.self = self;
        this.clusterId = clusterId;
        this.closing = closing;
        this.process = process;
        this.tracing = tracing;
        this.health = health;
        this.servers = servers;
    }

    /** Starts what serves shards, in an order in which each finds what it needs; it is closed the other way round. */
    ShardHost start(ZkSession session, Disk disk, NodesWatcher nodes, Clock clock, NodeMemory memory)
            throws StorageNodeException {
        var metrics = process.registry();
        var peers = closing.add(
                "peers", new PeerNetwork(self, clusterId, known(nodes, NodeInfo::peerAddress), metrics, tracing));
        var timing = ReplicaTiming.DEFAULT;
        var started = closing.add(
                "shards",
                ShardHost.start(ShardHostConfig.of(self, disk, session, nodes, peers, metrics)
                        .withTiming(timing)
                        .withClock(clock)
                        .in(config.region())));
        peers.startHeartbeats(started.peerShards(), timing);
        var channels = closing.add("channels", new Channels());
        var znodes = closing.add("shard znodes", new ShardZnodes(session));
        var locator = new ZnodeLocator(session, znodes, nodes);
        var directory = new DirectoryClient(locator, channels, clusterId);
        var services = closing.add(
                "services",
                new RpcServices(
                        clusterId,
                        started.shards(),
                        homes(directory),
                        closing.add("keys", keys()),
                        known(nodes, NodeInfo::address),
                        config.limits(),
                        InstantSource.system()));
        services.meter(metrics);
        Queues.bind(metrics, "digests", HostReports.PINS, started.reports()::digestsWaiting);
        var reads = new ReadTimes(System::nanoTime);
        var forPeers = new ArrayList<>(services.peerServices());
        forPeers.add(new NodeReportService(
                        self, clusterId, started.reports(), reads, config.disk().reserveBytes(), memory::uses)
                .bindService());
        forPeers.add(peers.service(started.peerShards()).bindService());
        forPeers.add(peers.orders(started.peerShards()).bindService());
        var moves = closing.add(
                "moves",
                new UserMoves(
                        self,
                        clusterId,
                        started.shards(),
                        peers,
                        directory,
                        locator,
                        znodes,
                        channels,
                        config.moves(),
                        InstantSource.system()));
        moves.meter(metrics);
        forPeers.add(moves.service().bindService());
        health.watch(started.shards(), ShardStore.list(disk));
        servers.open(timed(services.publicServices(), reads), forPeers);
        closing.add("calls", () -> servers.drain());
        closing.add("handover", started::leave);
        closing.add("uploads", () -> services.finishUploads(GrpcLimits.DRAIN));
        closing.add("health", health);
        return started;
    }

    private UserKeys keys() throws StorageNodeException {
        try {
            return config.keys().open(config.dataDir());
        } catch (IllegalArgumentException e) {
            throw new StorageNodeException("Storage node " + config.id() + " does not start: " + e.getMessage(), e);
        }
    }

    /** Times reads: what the controller goes by when it moves replicas. */
    private static List<ServerServiceDefinition> timed(List<ServerServiceDefinition> services, ReadTimes reads) {
        return services.stream()
                .map(service -> service.getServiceDescriptor().getName().equals(BlobRetrievalGrpc.SERVICE_NAME)
                        ? ServerInterceptors.intercept(service, reads)
                        : service)
                .toList();
    }

    private static Homes homes(DirectoryClient directory) {
        return (user, latest) -> latest
                ? directory.lookupLatest(
                        user, Deadline.after(GrpcLimits.UNARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS))
                : directory.lookup(user);
    }

    private static Function<NodeId, Optional<String>> known(NodesWatcher nodes, Function<NodeInfo, String> what) {
        return id -> nodes.node(id).map(what).filter(address -> !address.isEmpty());
    }
}
