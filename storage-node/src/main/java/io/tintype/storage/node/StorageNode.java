// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.Deadline;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.ZnodeLocator;
import io.tintype.cluster.log.SlowCalls;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.map.ClusterIdentity;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.metrics.ProcessMetrics;
import io.tintype.cluster.node.NodeIdInUseException;
import io.tintype.cluster.node.NodeInAnotherRegionException;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.trace.ServerTraces;
import io.tintype.cluster.trace.Tracing;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZkUnavailableException;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.move.UserMoves;
import io.tintype.storage.peer.PeerNetwork;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.report.NodeReportService;
import io.tintype.storage.report.ReadTimes;
import io.tintype.storage.rpc.Homes;
import io.tintype.storage.rpc.RpcServices;
import io.tintype.storage.shard.Clock;
import io.tintype.storage.shard.ShardHost;
import io.tintype.storage.shard.Shards;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A storage node: its disk, its place in the cluster, its shards, and the two servers that serve them. Thread-safe.
 *
 * <p>Order of the start: ZooKeeper says which cluster this is; the data directory is locked and checked against it; the
 * ports are bound; the node registers under its id, which fails where another directory lives under it; and only then do
 * shards come up and calls come in. It stops the other way round.
 */
public final class StorageNode implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StorageNode.class);
    private static final Duration ZOOKEEPER_WAIT = Duration.ofSeconds(30);

    private final StorageNodeConfig config;
    private final Closing closing = new Closing();
    private final CompletableFuture<String> stopped = new CompletableFuture<>();
    private final NodeHealth health = new NodeHealth();
    private final ProcessMetrics process = new ProcessMetrics();
    private final MeterRegistry metrics = process.registry();
    private final String clusterId;
    private final Tracing tracing;
    private final NodeHttp http;
    private final NodeServers servers;
    private final ShardHost host;

    private StorageNode(StorageNodeConfig config) throws StorageNodeException {
        this.config = config;
        try {
            var self = new NodeId(config.id());
            closing.add("metrics", process);
            tracing = closing.add("traces", Tracing.start(config.tracing(), "tintype-storage-node", config.id()));
            tracing.bindTo(metrics);
            var session = closing.add("ZooKeeper's session", ZkSession.connect(config.zookeeper()));
            clusterId = await(ClusterIdentity.createOrRead(session, System.currentTimeMillis()));
            var disk = closing.add("disk", Disk.openOrSetAside(config.disk().on(config.dataDir(), clusterId)));
            new DiskMetrics(disk).bindTo(metrics);
            var memory = new NodeMemory(disk, config.disk());
            memory.bindTo(metrics);
            log.info("storage node {} may use, of memory: {}", config.id(), memory.summary());
            var nodes = closing.add("nodes watcher", NodesWatcher.start(session));
            http = closing.add(
                    "HTTP",
                    NodeHttp.start(
                            config.listen(),
                            new NodeHttp.Pages(health::notReadyBecause, health::shardLines, process::scrape)));
            servers = closing.add(
                    "servers",
                    NodeServers.start(
                            config.listen(),
                            config.limits().uploadBytes(),
                            health,
                            process,
                            ServerTraces.last(tracing),
                            new SlowCalls(new SlowRequests(config.log(), metrics))));
            var clock = register(session, self, disk);
            await(nodes.ready());
            host = serve(session, self, disk, nodes, clock, memory);
        } catch (StorageNodeException | RuntimeException e) {
            closing.close();
            throw e;
        } catch (DiskException | IOException e) {
            closing.close();
            throw failed(e);
        }
    }

    /**
     * Starts a node; when this returns, it is registered and listens. Its shards come up as ZooKeeper tells of them. Blocks
     * for as long as ZooKeeper and the disk take, about half a minute at most.
     *
     * @throws StorageNodeException with words for people
     */
    public static StorageNode start(StorageNodeConfig config) throws StorageNodeException {
        try {
            var node = new StorageNode(config);
            log.info(
                    "storage node {} of cluster {} serves on {}, for peers on {}, health on {}, from {}",
                    config.id(),
                    node.clusterId,
                    node.address(),
                    node.peerAddress(),
                    config.listen().advertised(node.httpPort()),
                    config.dataDir());
            return node;
        } catch (ZkUnavailableException | NodeIdInUseException | NodeInAnotherRegionException e) {
            throw new StorageNodeException("Storage node " + config.id() + " does not start: " + e.getMessage(), e);
        }
    }

    /** The machine's clocks, checked by ZooKeeper's at this moment. */
    private Clock register(ZkSession session, NodeId self, Disk disk) throws StorageNodeException {
        long bootId = new SecureRandom().nextLong();
        var registration = closing.add(
                "registration",
                NodeRegistration.start(
                        session,
                        new NodePresence(
                                self,
                                HexFormat.of().parseHex(disk.identity().dataId()),
                                bootId == 0 ? 1 : bootId,
                                address(),
                                peerAddress(),
                                config.region(),
                                config.zone(),
                                disk.usage().totalBytes(),
                                Set.copyOf(config.labels()))));
        await(registration.registered());
        var unused = registration.displaced().thenAccept(this::stop);
        disk.committer()
                .onFailure(failure -> stop("The disk under " + config.dataDir() + " failed, and with it node "
                        + config.id() + ": " + failure.getMessage()
                        + ". Its shards go on elsewhere; replace the disk, or start again if it was only full."));
        long theirs = await(registration.registeredAtMs());
        return Clock.SYSTEM.checkedBy(theirs, Clock.SYSTEM.now());
    }

    private ShardHost serve(
            ZkSession session, NodeId self, Disk disk, NodesWatcher nodes, Clock clock, NodeMemory memory) {
        var peers = closing.add(
                "peers", new PeerNetwork(self, clusterId, known(nodes, NodeInfo::peerAddress), metrics, tracing));
        var timing = ReplicaTiming.DEFAULT;
        var started = closing.add(
                "shards",
                ShardHost.start(ShardHost.Config.of(self, disk, session, nodes, peers, metrics)
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
                        closing.add("keys", config.keys().open()),
                        known(nodes, NodeInfo::address),
                        config.limits(),
                        InstantSource.system()));
        services.meter(metrics);
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
        closing.add("health", health);
        return started;
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

    /** Port of the public API. */
    public int port() {
        return servers.port();
    }

    /** Port for peers. */
    public int peerPort() {
        return servers.peerPort();
    }

    /** Port of health and metrics over HTTP. */
    public int httpPort() {
        return http.port();
    }

    /** host:port of the public API, as others are told. */
    public String address() {
        return config.listen().advertised(port());
    }

    /** host:port for peers, as others are told. */
    public String peerAddress() {
        return config.listen().advertised(peerPort());
    }

    /** Id of the cluster the node belongs to, 32 hex digits. */
    public String clusterId() {
        return clusterId;
    }

    /** The replicas on this node. */
    public Shards shards() {
        return host.shards();
    }

    /** Whether every shard on this node can do its part now. */
    public boolean isServing() {
        return health.isServing();
    }

    /** Where the node tells how things stand. */
    public MeterRegistry metrics() {
        return metrics;
    }

    /** What there is to tell, in the text form that Prometheus reads. */
    public String scrape() {
        return process.scrape();
    }

    /**
     * Completes, with a text for people, when the node cannot go on: another process took its place, or its disk failed. It
     * should then be closed, and the process ended. Stays open otherwise.
     */
    public CompletableFuture<String> stopped() {
        return stopped.copy();
    }

    private void stop(String reason) {
        if (stopped.complete(reason)) {
            log.error("{}", reason);
        }
    }

    /**
     * Stops: hands over the shards it leads, takes no more calls, lets those under way end for a while, leaves the cluster,
     * and closes the disk. Blocks for some seconds; a second call does nothing.
     */
    @Override
    public void close() {
        closing.close();
    }

    private StorageNodeException failed(Exception e) {
        return new StorageNodeException("Storage node " + config.id() + " does not start: " + e.getMessage(), e);
    }

    private static <T> T await(CompletableFuture<T> future) throws StorageNodeException {
        try {
            return future.get(ZOOKEEPER_WAIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StorageNodeException("The start was interrupted.", e);
        } catch (TimeoutException e) {
            throw new StorageNodeException(
                    "ZooKeeper did not answer within " + ZOOKEEPER_WAIT.toSeconds()
                            + " s; check that it runs and has a leader.",
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new CompletionException(e.getCause());
        }
    }
}
