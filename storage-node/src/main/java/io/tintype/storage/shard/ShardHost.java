// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.blob.ShardStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All replicas of this node: starts one for every shard that is assigned to the node or that its disk holds, keeps them
 * told of what ZooKeeper says, and of time. Thread-safe.
 */
public final class ShardHost implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ShardHost.class);
    private static final int IO_THREADS = 4;
    private static final Duration BOOTSTRAP_EVERY = Duration.ofMillis(250);
    private static final Duration ROOM_EVERY = Duration.ofSeconds(1);
    private static final int CLOSE_SECONDS = 5;
    private static final long LEAVE_POLL_MS = 10;

    private final ShardHostConfig config;
    private final ShardContext context;
    private final ShardThreads threads;
    private final ShardZnodes znodes;
    private final Bootstrap bootstrap;
    private final Collecting collecting;
    private boolean toldFull;
    private final SecureRandom random = new SecureRandom();
    private final ShardRegistry registry = new ShardRegistry();
    private final ShardOpener opener;
    private final Upkeep upkeep;
    private final Samples samples;
    private final HostReports reports;
    private final Refilling refilling;
    private final Assignments assignments;
    private final Map<ShardId, ZkSession.Registration> configs = new ConcurrentHashMap<>();
    private final List<ZkSession.Registration> watches = new CopyOnWriteArrayList<>();

    private ShardHost(ShardHostConfig config) {
        this.config = config;
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors());
        this.threads = new ShardThreads(Math.max(1, cores / 2), Math.max(2, cores), IO_THREADS);
        this.znodes = new ShardZnodes(config.session());
        this.context = new ShardContext(
                config.self(),
                config.disk(),
                znodes,
                config.peers(),
                threads,
                config.timing(),
                config.clock(),
                new ShardMetrics(config.metrics()),
                ShardContext.Budgets.of(Runtime.getRuntime().maxMemory()),
                new SnapshotTraffic(config.snapshotBytesPerSecond(), System::nanoTime));
        this.bootstrap = new Bootstrap(config.self(), znodes, config.peers());
        this.collecting = new Collecting(context);
        this.opener = new ShardOpener(context, registry, this::opened, this::ended);
        this.assignments = new Assignments(config, znodes, registry, opener, this::openWhatTheDiskHolds);
        this.upkeep = new Upkeep(context, registry, opener, assignments::isHere);
        this.refilling = new Refilling(context, registry, assignments::allHere);
        this.samples = new Samples(context, registry);
        this.reports = new HostReports(context, registry, samples);
    }

    /** Starts; replicas come up as ZooKeeper tells of them. */
    public static ShardHost start(ShardHostConfig config) {
        var host = new ShardHost(config);
        HostLevels.register(host.context, host.registry, host.opener);
        host.threads.every(
                config.timing().tickNanos(),
                () -> host.threads.burst(() -> host.threads.ticker().tick(host.registry.running())));
        host.threads.every(BOOTSTRAP_EVERY.toNanos(), host::bootstrap);
        host.threads.every(ROOM_EVERY.toNanos(), host::tellRoom);
        host.threads.every(Samples.EVERY.toNanos(), host.samples::round);
        host.threads.every(Upkeep.EVERY.toNanos(), host.upkeep::round);
        host.threads.every(Refilling.EVERY.toNanos(), host.refilling::round);
        host.threads.every(config.collectEvery().toNanos(), () -> host.collecting.round(host.registry.running()));
        host.threads.every(Collecting.SETTLE_EVERY.toNanos(), host.collecting::settle);
        config.disk().committer().onFailure(cause -> host.registry.running().forEach(shard -> shard.diskFailed(cause)));
        host.watches.add(config.nodes().addListener(node -> host.tellLiveness()));
        host.watches.add(host.znodes.watchAssignments(config.self(), host.assignments));
        return host;
    }

    /** The replicas, for services. */
    public Shards shards() {
        return registry.forServices(() -> opener.broken().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, entry -> entry.getValue().cause())));
    }

    /** The replicas, for what brings other nodes' messages. */
    public PeerShards peerShards() {
        return registry.forPeers(threads, config.clock());
    }

    /** How much the replicas hold and bear, and whether they hold the same as others. */
    public HostReports reports() {
        return reports;
    }

    // ---- what ZooKeeper tells

    private void tellLiveness() {
        registry.running().forEach(this::tellLiveness);
    }

    /** Nothing is told as long as nothing is known: nobody is dead for not having been heard of yet. */
    private void tellLiveness(ShardRuntime shard) {
        var live = config.nodes().nodes().values().stream()
                .filter(NodeInfo::live)
                .map(NodeInfo::id)
                .collect(Collectors.toUnmodifiableSet());
        if (!live.isEmpty()) {
            shard.livenessSeen(live);
        }
    }

    /** A primary whose disk takes no uploads hands over to somebody with room. One thread calls this. */
    private void tellRoom() {
        boolean full = config.disk().committer().isReadOnly();
        if (full != toldFull) {
            toldFull = full;
            long free = config.disk().usage().freeBytes();
            if (full) {
                log.warn("the disk has only {} bytes free: this node takes no uploads until there is room", free);
            } else {
                log.info("the disk has {} bytes free: this node takes uploads again", free);
            }
        }
        for (var shard : registry.running()) {
            shard.roomSeen(full);
        }
    }

    private void bootstrap() {
        assignments.round();
        for (var shard : registry.running()) {
            var assignment = assignments.here(shard.id());
            if (assignment != null && shard.board().config == null) {
                var unused = bootstrap.attempt(shard, assignment, random.nextLong());
            }
        }
    }

    // ---- opening

    private void openWhatTheDiskHolds() {
        opener.submit(() -> ShardStore.list(config.disk()).forEach(this::openIfMember));
    }

    /** A shard that the disk holds without being assigned to this node runs as long as it is a replica of it. */
    private void openIfMember(ShardId id) {
        if (registry.runtime(id).isPresent()) {
            return;
        }
        var read = znodes.read(id)
                .thenCombine(
                        znodes.readAssignment(id),
                        (record, assignment) -> record.map(Versioned::value)
                                .filter(this::isMember)
                                // What the pool allows is in force before the replica leads.
                                .map(known -> assignment
                                        .map(elsewhere -> ShardIdentity.of(elsewhere.value()))
                                        .orElseGet(() -> ShardIdentity.of(known))));
        var unused = read.whenComplete((found, failure) -> {
            if (failure != null) {
                threads.later(BOOTSTRAP_EVERY.toMillis(), () -> opener.submit(() -> openIfMember(id)));
            } else if (found.isPresent()) {
                opener.submit(() -> opener.open(found.get()));
            } else {
                log.warn("shard {} is on the disk of this node, which is no replica of it", id);
                upkeep.stranger(id);
            }
        });
    }

    private boolean isMember(ShardRecord record) {
        return record.getReplicasList().stream()
                .anyMatch(replica -> replica.getNode().equals(config.self().value()));
    }

    /** Tells a replica that comes up what it has to know. */
    private void opened(ShardRuntime shard) {
        tellLiveness(shard);
        var watch = znodes.watch(shard.id(), shard::configSeen);
        var former = configs.put(shard.id(), watch);
        if (former != null) {
            former.close();
        }
        assignments.tell(shard);
    }

    /** ZooKeeper need not tell of a shard whose replica here is gone. */
    private void ended(ShardRuntime shard) {
        var watch = configs.remove(shard.id());
        if (watch != null) {
            watch.close();
        }
    }

    // ---- the end

    /**
     * Before {@link #close}: hands over every shard that is led here, and has this node left out of the in-sync sets where
     * enough stay, so that nobody misses it. All shards at once. Blocks until that is done, for {@link ShardLimits#LEAVE} at
     * most; whatever is left then is for the others to notice. Calls should still be let in meanwhile.
     */
    public void leave() {
        long deadline = System.nanoTime() + ShardLimits.LEAVE.toNanos();
        registry.running().forEach(ShardRuntime::leave);
        try {
            while (!registry.running().stream().allMatch(ShardRuntime::isFreeToGo) && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(LEAVE_POLL_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var left = registry.running().stream()
                .filter(shard -> !shard.isFreeToGo())
                .map(ShardRuntime::id)
                .toList();
        if (!left.isEmpty()) {
            log.warn("shards {} could not be handed over within {} s", left, ShardLimits.LEAVE.toSeconds());
        }
    }

    /** Ends all replicas and their threads. What is open fails; the disk stays open. Blocks for some seconds at most. */
    @Override
    public void close() {
        reports.close();
        opener.close();
        watches.forEach(ZkSession.Registration::close);
        configs.values().forEach(ZkSession.Registration::close);
        var ends = registry.running().stream().map(ShardRuntime::close).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(ends).get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.warn("not all replicas ended within {} s", CLOSE_SECONDS, e);
        }
        context.snapshots().close();
        threads.close();
        znodes.close();
    }
}
