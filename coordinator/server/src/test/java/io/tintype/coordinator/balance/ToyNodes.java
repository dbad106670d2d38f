// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Nodes without disks: whoever is assigned a shard joins its in-sync set at the next {@link #move}, whoever is not leaves it once
 * all others are in sync, and what they are asked about their replicas they answer. Records and assignments stand in a real ZooKeeper.
 */
final class ToyNodes implements ChannelSource, AutoCloseable {
    static final String CLUSTER = "toys";
    static final String POOL = "eu.standard";
    private static final long DISK = 1L << 40;
    private static final int WAIT_S = 30;

    private final String name = UUID.randomUUID().toString();
    private final List<String> nodes;
    private final ShardZnodes shards;
    private final Map<String, Server> servers = new HashMap<>();
    private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();
    private final AtomicLong nonces = new AtomicLong(1);
    /** Targets that never get all there is. */
    private final Set<String> neverJoin = ConcurrentHashMap.newKeySet();
    /** Nodes that are out of touch, and in sync with nobody. */
    private final Set<String> dead = ConcurrentHashMap.newKeySet();

    private final Set<String> forgotten = ConcurrentHashMap.newKeySet();
    /** Nodes whose replicas hold something else. */
    private final Set<String> different = ConcurrentHashMap.newKeySet();
    /** Nodes whose replicas lack the last records. */
    private final Set<String> lagging = ConcurrentHashMap.newKeySet();
    /** Nodes that fail at whatever they are to digest. */
    private final Set<String> undigested = ConcurrentHashMap.newKeySet();
    /** What they are told to lead. */
    final ToyLeads leads = new ToyLeads();
    /** Digests that are being made, where none ends. */
    final AtomicInteger digesting = new AtomicInteger();
    /** Who has said what it holds. */
    final Set<String> digested = ConcurrentHashMap.newKeySet();
    /** Whether no digest ends by itself. */
    volatile boolean digestsForEver;
    /** How long 99 of 100 reads of each node take. */
    volatile long readMicros;

    /** Reads that take longer are slow. */
    volatile long slowMicros = Long.MAX_VALUE;

    private static final long READS = 200;

    ToyNodes(ZkSession session, List<String> nodes) throws IOException {
        this.nodes = List.copyOf(nodes);
        this.shards = new ShardZnodes(session);
        for (var node : nodes) {
            var service = new ToyNode(this, node);
            servers.put(
                    node,
                    InProcessServerBuilder.forName(name + node)
                            .addService(service.replication)
                            .addService(service.reports)
                            .addService(service.orders)
                            .build()
                            .start());
        }
    }

    void neverJoins(String node) {
        neverJoin.add(node);
    }

    /** The same nodes join again. */
    void joins(String node) {
        neverJoin.remove(node);
    }

    /** A node's machine dies. */
    void dies(String node) {
        dead.add(node);
    }

    /** A node is not registered any more. */
    void forget(String node) {
        forgotten.add(node);
    }

    void holdsSomethingElse(String node) {
        different.add(node);
    }

    void lags(String node) {
        lagging.add(node);
    }

    boolean isLagging(String node) {
        return lagging.contains(node);
    }

    void digestsNothing(String node) {
        undigested.add(node);
    }

    boolean isUndigested(String node) {
        return undigested.contains(node);
    }

    /** The first record of a shard that is assigned. */
    void first(ShardAssignment assignment) throws Exception {
        var primary = assignment.getReplicas(0).getNode();
        var record = ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(assignment.getShard())
                .setType(assignment.getType())
                .setPool(POOL)
                .setConfigVersion(1)
                .setEpoch(1)
                .setPrimary(primary)
                .addAllReplicas(assignment.getReplicasList())
                .setWriter(primary)
                .setWriterNonce(nonces.getAndIncrement());
        assignment.getReplicasList().forEach(placed -> record.addInSync(member(placed.getNode())));
        assertThat(get(shards.create(record.build()))).isInstanceOf(CasOutcome.Won.class);
    }

    static Member member(String node) {
        return Member.newBuilder().setNode(node).setIncarnation(1).build();
    }

    /** All do once what they should; returns whether that was nothing. */
    boolean move(List<Integer> ids) throws Exception {
        boolean still = true;
        for (int id : ids) {
            var assigned = names(assignment(id).getReplicasList());
            var found = record(id);
            var inSync = new ArrayList<>(inSync(found.value()));
            inSync.removeAll(dead);
            assertThat(inSync.stream().filter(assigned::contains))
                    .as("in sync of shard %d after what is not assigned left; assigned are %s", id, assigned)
                    .hasSizeGreaterThanOrEqualTo(2);
            assigned.stream()
                    .filter(node -> !inSync.contains(node) && !neverJoin.contains(node) && !dead.contains(node))
                    .forEach(inSync::add);
            if (inSync.containsAll(assigned)) {
                inSync.retainAll(assigned);
            }
            var staying = inSync.stream()
                    .filter(node -> !assigned.contains(node))
                    .map(node -> Placement.newBuilder()
                            .setNode(node)
                            .setRole(ReplicaRole.REPLICA_ROLE_VOTER)
                            .build())
                    .toList();
            var primary = found.value().getPrimary();
            var next = found.value().toBuilder()
                    .clearInSync()
                    .addAllInSync(inSync.stream().map(ToyNodes::member).toList())
                    .clearReplicas()
                    .addAllReplicas(assignment(id).getReplicasList())
                    .addAllReplicas(staying)
                    .setPrimary(inSync.contains(primary) ? primary : inSync.get(0));
            still &= change(found, next);
        }
        return still;
    }

    private boolean change(Versioned<ShardRecord> found, ShardRecord.Builder next) throws Exception {
        if (next.build().equals(found.value())) {
            return true;
        }
        next.setConfigVersion(found.value().getConfigVersion() + 1).setWriterNonce(nonces.getAndIncrement());
        var unused = get(shards.replace(found.version(), next.build()));
        return false;
    }

    /** A replica falls out of sync; at the next {@link #move} it may join again. */
    void fallsBehind(int shard, String node) throws Exception {
        var found = record(shard);
        var inSync = new ArrayList<>(inSync(found.value()));
        inSync.remove(node);
        var unused = change(
                found,
                found.value().toBuilder()
                        .clearInSync()
                        .addAllInSync(inSync.stream().map(ToyNodes::member).toList()));
    }

    ShardAssignment assignment(int shard) throws Exception {
        return get(shards.readAssignment(new ShardId(shard))).orElseThrow().value();
    }

    Versioned<ShardRecord> record(int shard) throws Exception {
        return get(shards.read(new ShardId(shard))).orElseThrow();
    }

    static List<String> names(List<Placement> placed) {
        return placed.stream().map(Placement::getNode).toList();
    }

    static List<String> inSync(ShardRecord record) {
        return record.getInSyncList().stream().map(Member::getNode).toList();
    }

    /** The cluster with these shards. */
    ClusterView view(List<Integer> ids) throws Exception {
        var infos = new ArrayList<ShardInfo>();
        var assignments = new TreeMap<ShardId, ShardAssignment>();
        for (int id : ids) {
            var record = record(id).value();
            var shard = new ShardId(id);
            assignments.put(shard, assignment(id));
            infos.add(new ShardInfo(
                    shard,
                    false,
                    PoolId.parse(POOL),
                    record.getEpoch(),
                    new NodeId(record.getPrimary()),
                    inSync(record).stream().map(NodeId::new).toList(),
                    names(record.getReplicasList()).stream().map(NodeId::new).toList(),
                    record.getConfigVersion()));
        }
        var there = nodes.stream()
                .filter(node -> !forgotten.contains(node))
                .map(node -> new NodeInfo(new NodeId(node), node, node, "eu", "a", !dead.contains(node), DISK))
                .toList();
        return new ClusterView(ShardMap.EMPTY.with(there, infos), Map.of(), assignments, null);
    }

    /** Has somebody hear what all say of themselves. */
    void report(NodePolls polls) {
        nodes.forEach(node -> polls.put(new NodeId(node), said(node)));
    }

    ReportNodeResponse said(String node) {
        return ReportNodeResponse.newBuilder()
                .setNode(node)
                .setDiskBytes(DISK)
                .setFreeBytes(DISK)
                .setReadP99Micros(readMicros)
                .setRecentReads(readMicros == 0 ? 0 : READS)
                .setRecentSlowReads(readMicros > slowMicros ? READS : 0)
                .build();
    }

    boolean isDifferent(String node) {
        return different.contains(node);
    }

    /** Gives the lead of a shard to somebody. */
    void lead(int shard, String to) throws Exception {
        var found = record(shard);
        var unused = change(found, found.value().toBuilder().setPrimary(to));
    }

    @Override
    public Channel to(String address) {
        return channels.computeIfAbsent(
                address, node -> InProcessChannelBuilder.forName(name + node).build());
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(WAIT_S, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
        servers.values().forEach(Server::shutdownNow);
        shards.close();
    }
}
