// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.shard.Clock;
import io.tintype.storage.shard.ShardLimits;
import io.tintype.storage.shard.ShardReplica;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** Storage nodes in one JVM: real disks, real gRPC on loopback, an embedded ZooKeeper. For tests. */
final class TestCluster implements AutoCloseable {
    static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    static final ShardId SHARD = new ShardId(7);

    /** What each user may store: more than any test does. */
    static final long USER_BYTES = 1L << 40;

    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Faster than by default, and still patient enough for a machine under load. */
    static final ReplicaTiming TIMING =
            new ReplicaTiming(millis(100), millis(1_000), millis(1_500), millis(2_500), millis(1_700), millis(200));

    /** For tests in which nobody fails: no pause of a busy machine is taken for a failure. */
    static final ReplicaTiming NOBODY_FAILS =
            new ReplicaTiming(millis(100), millis(20_000), millis(25_000), millis(40_000), millis(30_000), millis(200));

    private final Path directory;
    private final ReplicaTiming timing;
    private final EmbeddedZooKeeper zooKeeper;
    private final ZkSession session;
    private final AtomicLong wallOffsetMs = new AtomicLong();
    private final Map<NodeId, String> addresses = new ConcurrentHashMap<>();
    private final TreeMap<NodeId, TestNode> nodes = new TreeMap<>();
    private volatile long snapshotRate = ShardLimits.SNAPSHOT_BYTES_PER_SECOND;

    TestCluster(Path directory, int size) throws Exception {
        this(directory, size, TIMING);
    }

    TestCluster(Path directory, int size, ReplicaTiming timing) throws Exception {
        this.directory = directory;
        this.timing = timing;
        this.zooKeeper = EmbeddedZooKeeper.start(directory.resolve("zookeeper"), 0);
        this.session = connect();
        for (int i = 1; i <= size; i++) {
            start(new NodeId("node-" + i));
        }
    }

    /** All wall clocks are set forward, from one moment to the next. */
    void setClocksForward(Duration by) {
        wallOffsetMs.addAndGet(by.toMillis());
    }

    Now now() {
        var now = Clock.SYSTEM.now();
        return new Now(now.nanos(), now.wallMillis() + wallOffsetMs.get());
    }

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    ZkSession connect() {
        return ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    /** Bytes a second of snapshots, for nodes that start from now on. */
    void snapshotRate(long bytesPerSecond) {
        snapshotRate = bytesPerSecond;
    }

    long snapshotRate() {
        return snapshotRate;
    }

    ReplicaTiming timing() {
        return timing;
    }

    Optional<String> address(NodeId node) {
        return Optional.ofNullable(addresses.get(node));
    }

    // ---- nodes

    TestNode start(NodeId id) throws Exception {
        return start(id, "local");
    }

    /** Starts a node in a region. */
    TestNode start(NodeId id, String region) throws Exception {
        var node = TestNode.start(this, id, directory.resolve(id.value()), region);
        addresses.put(id, node.peerAddress());
        nodes.put(id, node);
        return node;
    }

    void stop(NodeId id) {
        var node = nodes.remove(id);
        if (node != null) {
            node.close();
        }
    }

    /** Stops a node and takes its disk away. */
    void wipe(NodeId id) throws IOException {
        stop(id);
        try (var files = Files.walk(directory.resolve(id.value()))) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    TestNode node(int number) {
        return node(new NodeId("node-" + number));
    }

    TestNode node(NodeId id) {
        var node = nodes.get(id);
        assertThat(node).as("node " + id).isNotNull();
        return node;
    }

    /** The node of a replica. */
    NodeId nodeOf(ShardReplica replica) {
        return nodes.values().stream()
                .filter(node -> node.replica().filter(replica::equals).isPresent())
                .map(TestNode::id)
                .findFirst()
                .orElseThrow();
    }

    /** A counter, summed over the nodes that run. */
    double count(String metric) {
        return nodes.values().stream()
                .flatMap(node -> node.registry().find(metric).counters().stream())
                .mapToDouble(Counter::count)
                .sum();
    }

    List<TestNode> nodes() {
        return List.copyOf(nodes.values());
    }

    // ---- the shard

    /** Writes where the shard should be, as a controller would: on all nodes there are. */
    void assign(int minInSync) {
        var path = Paths.assignment(SHARD.value());
        var assignment = assignment(minInSync, nodes.keySet());
        session.znodes()
                .create(path, ZnodeCodec.ASSIGNMENT.encode(path, assignment))
                .join();
    }

    /** As {@link #assign}, on some of the nodes only. */
    void assignTo(int minInSync, Collection<NodeId> wanted) {
        var path = Paths.assignment(SHARD.value());
        session.znodes()
                .create(path, ZnodeCodec.ASSIGNMENT.encode(path, assignment(minInSync, wanted)))
                .join();
    }

    /** The shard's configuration. */
    ShardRecord record() {
        var path = Paths.shard(SHARD.value());
        return ZnodeCodec.SHARD.decode(
                path, session.znodes().get(path).join().orElseThrow().data());
    }

    /** Writes that the shard should be elsewhere. */
    void reassign(int minInSync, Collection<NodeId> wanted) {
        var path = Paths.assignment(SHARD.value());
        int version = session.znodes().get(path).join().orElseThrow().version();
        var assignment = assignment(minInSync, wanted);
        session.znodes()
                .set(path, ZnodeCodec.ASSIGNMENT.encode(path, assignment), version)
                .join();
    }

    /** Has the assignment say something else, be it understood or not; what it said before. */
    byte[] rewriteAssignment(byte[] bytes) {
        var path = Paths.assignment(SHARD.value());
        var found = session.znodes().get(path).join().orElseThrow();
        session.znodes().set(path, bytes, found.version()).join();
        return found.data();
    }

    /** Has a node keep a copy that does not count from now on. */
    void observe(NodeId node) {
        var path = Paths.assignment(SHARD.value());
        var found = session.znodes().get(path).join().orElseThrow();
        var observed = ZnodeCodec.ASSIGNMENT.decode(path, found.data()).toBuilder()
                .addReplicas(Placement.newBuilder().setNode(node.value()).setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        session.znodes()
                .set(path, ZnodeCodec.ASSIGNMENT.encode(path, observed), found.version())
                .join();
    }

    /** Lets the shard's pool have copies in other regions from now on. */
    void unpin() {
        var path = Paths.assignment(SHARD.value());
        var found = session.znodes().get(path).join().orElseThrow();
        var unpinned = ZnodeCodec.ASSIGNMENT.decode(path, found.data()).toBuilder()
                .setUnpinned(true)
                .build();
        session.znodes()
                .set(path, ZnodeCodec.ASSIGNMENT.encode(path, unpinned), found.version())
                .join();
    }

    private static ShardAssignment assignment(int minInSync, Collection<NodeId> wanted) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(SHARD.value())
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("local.standard")
                .setMinInsync(minInSync)
                .setUsersLimit(100)
                .setUserBytes(USER_BYTES);
        wanted.forEach(node -> assignment.addReplicas(
                Placement.newBuilder().setNode(node.value()).setRole(ReplicaRole.REPLICA_ROLE_VOTER)));
        return assignment.build();
    }

    /** The replicas that run. */
    Stream<ShardReplica> replicas() {
        return nodes.values().stream().flatMap(node -> node.replica().stream());
    }

    /** The replica that leads and serves, waited for. */
    ShardReplica primary() {
        return await("a primary that serves")
                .atMost(PATIENCE)
                .until(
                        () -> replicas()
                                .filter(replica -> replica.status().leads()
                                        && replica.status().serving())
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** Waits until so many replicas are in sync, as their primary knows. */
    void awaitInSync(int count) {
        await(count + " in-sync replicas")
                .atMost(PATIENCE)
                .until(() -> primary().status().inSync().size() == count);
    }

    /** Waits until all replicas that run have applied everything that their primary has. */
    void awaitEqual() {
        await("all replicas caught up").atMost(PATIENCE).untilAsserted(() -> {
            long applied = primary().status().appliedSeq();
            assertThat(replicas().map(replica -> replica.status().appliedSeq()))
                    .allMatch(seq -> seq == applied)
                    .hasSize(nodes.size());
        });
    }

    /** A replica that follows, waited for. */
    ShardReplica follower() {
        return await("a follower")
                .atMost(PATIENCE)
                .until(
                        () -> replicas()
                                .filter(replica -> replica.status().state() == ReplicaState.FOLLOWER)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    @Override
    public void close() {
        List.copyOf(nodes.keySet()).forEach(this::stop);
        session.close();
        zooKeeper.close();
    }
}
