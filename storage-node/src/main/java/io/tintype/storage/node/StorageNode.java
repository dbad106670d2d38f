// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.log.SlowCalls;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.map.ClusterIdentity;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.metrics.ProcessMetrics;
import io.tintype.cluster.metrics.Queues;
import io.tintype.cluster.node.NodeIdInUseException;
import io.tintype.cluster.node.NodeInAnotherRegionException;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.trace.ServerTraces;
import io.tintype.cluster.trace.Tracing;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZkUnavailableException;
import io.tintype.model.NodeId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.shard.Clock;
import io.tintype.storage.shard.ShardHost;
import io.tintype.storage.shard.Shards;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A storage node: its disk, its place in the cluster, its shards, and the two servers that serve them. Thread-safe.
 *
 * <p>Order of the start: classes are loaded that its work will need; ZooKeeper says which cluster this is; the data directory is locked and checked against it; the
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
    private final String clusterId;
    private final Tracing tracing;
    private final NodeHttp http;
    private final NodeServers servers;
    private final ShardHost host;

    private StorageNode(StorageNodeConfig config) throws StorageNodeException {
        this.config = config;
        FirstClasses.load();
        try {
            var self = new NodeId(config.id());
            closing.add("metrics", process);
            tracing = closing.add("traces", Tracing.start(config.tracing(), "tintype-storage-node", config.id()));
            tracing.bindTo(process.registry());
            var session = closing.add("ZooKeeper's session", ZkSession.connect(config.zookeeper()));
            clusterId = await(ClusterIdentity.createOrRead(session, System.currentTimeMillis()));
            var disk = closing.add("disk", Disk.openOrSetAside(config.disk().on(config.dataDir(), clusterId)));
            new DiskMetrics(disk).bindTo(process.registry());
            var memory = new NodeMemory(disk, config.disk());
            memory.bindTo(process.registry());
            log.info("storage node {} may use, of memory: {}", config.id(), memory.summary());
            var nodes = closing.add("nodes watcher", NodesWatcher.start(session));
            http = closing.add(
                    "HTTP",
                    NodeHttp.start(
                            config.listen(),
                            new NodeHttp.Pages(health::notReadyBecause, health::shardLines, process::scrape)));
            Queues.bind(process.registry(), "pages", NodeHttp.QUEUE, http::waiting);
            servers = closing.add(
                    "servers",
                    NodeServers.start(
                            config.listen(),
                            config.limits().uploadBytes(),
                            health,
                            process,
                            ServerTraces.last(tracing),
                            new SlowCalls(new SlowRequests(config.log(), process.registry()))));
            var clock = register(session, self, disk);
            await(nodes.ready());
            host = new NodeParts(config, self, clusterId, closing, process, tracing, health, servers)
                    .start(session, disk, nodes, clock, memory);
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
        return process.registry();
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
     * Stops: lets uploads under way end, for a while; hands over the shards it leads, takes no more calls, lets the others under way
     * end for a while, leaves the cluster, and closes the disk. Blocks for some seconds; a second call does nothing.
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
