// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.grpc.BindableService;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.ZnodeLocator;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.shard.Peers;
import io.tintype.storage.shard.Shards;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** All that a node does for moves of users: the service for its peers, the copies, and the watch. Thread-safe. */
public final class UserMoves implements AutoCloseable {
    private static final int READERS = 2;
    private static final int WAITING_READS = 1_024;

    private final Pulls pulls;
    private final ThreadPoolExecutor readers;
    private final MoveService service;
    private final MoveWatch watch;

    /**
     * Starts.
     *
     * @param self this node
     * @param shards its replicas
     * @param peers the other nodes
     */
    public UserMoves(
            NodeId self,
            String clusterId,
            Shards shards,
            Peers peers,
            DirectoryClient directory,
            ZnodeLocator locator,
            ShardZnodes znodes,
            ChannelSource channels,
            MoveSettings settings,
            InstantSource clock) {
        var count = new AtomicInteger();
        this.readers = new ThreadPoolExecutor(
                READERS, READERS, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_READS), task -> {
                    var thread = new Thread(task, "tintype-move-reader-" + count.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        Executor blocking = task -> {
            try {
                readers.execute(task);
            } catch (RejectedExecutionException e) {
                throw new TintypeException(Reason.OVERLOADED, WAITING_READS + " reads of moves wait here already");
            }
        };
        var source = new Source(locator, channels, clusterId);
        this.pulls = new Pulls(
                source,
                peers,
                shard -> znodes.read(shard)
                        .thenApply(found -> found.map(record -> replicas(self, record.value()))
                                .orElse(List.of())),
                settings);
        var frozen = new FrozenTimes(System::nanoTime);
        var mover = new UserMover(directory, pulls, source, blocking, frozen);
        pulls.onMismatch((shard, user, move) -> {
            var unused = mover.abort(shard, user, move, MoveEnd.MOVE_END_MISMATCH)
                    .exceptionally(failure -> null); // it is tried again, and found again
        });
        this.service = new MoveService(clusterId, shards, mover, new UserEraser(directory, blocking), pulls, blocking);
        var foreign = new ForeignCopies(shard -> znodes.readAssignment(shard)
                .thenApply(found ->
                        found.map(assignment -> PoolId.parse(assignment.value().getPool()))));
        this.watch = MoveWatch.start(shards, mover, frozen, settings, clock, foreign);
    }

    /** Followers first: the primary has enough to do; this node itself before others. */
    private static List<NodeId> replicas(NodeId self, ShardRecord record) {
        var nodes = new ArrayList<NodeId>();
        record.getInSyncList().forEach(member -> nodes.add(new NodeId(member.getNode())));
        nodes.sort(Comparator.comparing((NodeId node) -> node.value().equals(record.getPrimary()))
                .thenComparing(node -> !node.equals(self)));
        return nodes;
    }

    /** Tells from now on how many users are on their way. */
    public void meter(MeterRegistry registry) {
        Gauge.builder("tintype.moves.running", pulls, Pulls::running)
                .description("Users that are being copied to shards led by this node")
                .register(registry);
        Gauge.builder("tintype.moves.waiting", pulls, Pulls::waiting)
                .description("Users that wait for another copy to end, of at most " + Pulls.WAITING)
                .register(registry);
        FunctionCounter.builder("tintype.moves.copied", pulls, Pulls::copied)
                .description("Users that were copied to shards led by this node")
                .register(registry);
        FunctionCounter.builder("tintype.moves.broken.off", pulls, Pulls::brokenOff)
                .description("Copies of users that broke off; they begin again where they were")
                .register(registry);
        Gauge.builder(
                        "tintype.moves.reads.waiting",
                        readers,
                        threads -> threads.getQueue().size())
                .description("Reads for moves that wait for a thread, of at most " + WAITING_READS)
                .register(registry);
    }

    /** What peers and coordinators call. */
    public BindableService service() {
        return service;
    }

    /** Ends copies and the watch; others, or this node when it starts again, go on from what the logs say. */
    @Override
    public void close() {
        watch.close();
        pulls.close();
        readers.shutdownNow();
    }
}
