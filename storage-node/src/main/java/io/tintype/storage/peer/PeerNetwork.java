// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.BindableService;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.trace.Tracing;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.FetchChunksRequest;
import io.tintype.proto.internal.v1.FetchSnapshotRequest;
import io.tintype.proto.internal.v1.PreElectRequest;
import io.tintype.proto.internal.v1.PreElectResponse;
import io.tintype.proto.internal.v1.TakeOverRequest;
import io.tintype.proto.internal.v1.TakeOverResponse;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.peer.PeerCluster.Lane;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.shard.PeerShards;
import io.tintype.storage.shard.Peers;
import io.tintype.storage.shard.PrimaryLink;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Aliasing;
import io.tintype.wire.Wire;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * This node among the others: what its shards ask of them ({@link Peers}), what they ask of its shards ({@link
 * #service}), and heartbeats. Thread-safe; never blocks.
 *
 * <p>Made first, because the shards need it; told of the shards afterwards by {@link #service} and {@link
 * #startHeartbeats}.
 */
public final class PeerNetwork implements Peers, AutoCloseable {
    private final PeerCluster cluster;
    private final Gatekeeper gatekeeper;
    private final MeterRegistry registry;
    private final Map<NodeId, StageSender> stagers = new ConcurrentHashMap<>();
    private volatile @Nullable HeartbeatSender heartbeats;

    /**
     * @param self this node
     * @param clusterId random id of the cluster; others that were given another one are refused
     * @param addresses host:port of a node's peer port, as far as it is known
     * @param registry where to tell how things stand
     */
    public PeerNetwork(
            NodeId self, String clusterId, Function<NodeId, Optional<String>> addresses, MeterRegistry registry) {
        this(self, clusterId, addresses, registry, Tracing.OFF);
    }

    /** The same, with traces of what comes from primaries. */
    public PeerNetwork(
            NodeId self,
            String clusterId,
            Function<NodeId, Optional<String>> addresses,
            MeterRegistry registry,
            Tracing tracing) {
        var metrics = new PeerMetrics(registry);
        this.registry = registry;
        this.cluster = new PeerCluster(self, clusterId, addresses, metrics, tracing);
        this.gatekeeper = new Gatekeeper(clusterId, metrics);
    }

    /** The service for the peer port. Its handlers never block: a server with a direct executor serves it best. */
    public BindableService service(PeerShards shards) {
        return () -> Unreadable.counted(Aliasing.bind(new ReplicationService(shards, gatekeeper)), cluster.metrics());
    }

    /** The service that takes operators' orders; for the peer port, too. */
    public BindableService orders(PeerShards shards) {
        return new OrderService(shards, gatekeeper, registry);
    }

    /** Sends heartbeats for the shards that this node leads, from now on until closed. To be called once. */
    public void startHeartbeats(PeerShards shards, ReplicaTiming timing) {
        heartbeats = HeartbeatSender.start(cluster, shards, timing.heartbeatNanos());
    }

    // ---- what shards ask

    @Override
    public void beatSoon() {
        var running = heartbeats;
        if (running != null) {
            running.soon();
        }
    }

    @Override
    public PrimaryLink follow(ShardId shard, NodeId primary, Hello hello, PrimaryLink.Events events) {
        var call = new PrimaryCall(cluster, shard, primary, hello, events);
        try {
            var unused = cluster.to(primary, Lane.LOG).replicate(call);
            call.begin();
        } catch (RuntimeException e) {
            call.onError(e);
        }
        return call;
    }

    @Override
    public CompletableFuture<BallotAnswer> askBallot(ShardId shard, NodeId to, Ballot ballot) {
        var answer = new UnaryAnswer<PreElectResponse>();
        try {
            cluster.to(to, Lane.CONTROL)
                    .withDeadlineAfter(PeerLimits.BALLOT_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .preElect(
                            PreElectRequest.newBuilder()
                                    .setClusterId(cluster.clusterId())
                                    .setShard(shard.value())
                                    .setCandidate(PeerCodec.member(ballot.candidate()))
                                    .setEpoch(ballot.epoch())
                                    .build(),
                            answer);
        } catch (RuntimeException e) {
            answer.onError(e);
        }
        return answer.result()
                .thenApply(given -> new BallotAnswer(
                        ballot.round(),
                        given.getAgreed(),
                        given.hasMember() ? PeerCodec.member(given.getMember()) : null,
                        given.getPromisedEpoch()));
    }

    @Override
    public void handOver(ShardId shard, NodeId to, long epoch) {
        var answer = new UnaryAnswer<TakeOverResponse>();
        try {
            cluster.to(to, Lane.CONTROL)
                    .withDeadlineAfter(PeerLimits.BALLOT_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .takeOver(
                            TakeOverRequest.newBuilder()
                                    .setClusterId(cluster.clusterId())
                                    .setShard(shard.value())
                                    .setEpoch(epoch)
                                    .setFrom(cluster.self().value())
                                    .build(),
                            answer);
        } catch (RuntimeException e) {
            answer.onError(e);
        }
    }

    @Override
    public CompletableFuture<Optional<Found>> describe(ShardId shard, NodeId at) {
        var answer = new UnaryAnswer<DescribeReplicaResponse>();
        try {
            cluster.to(at, Lane.CONTROL)
                    .withDeadlineAfter(PeerLimits.DESCRIBE_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .describeReplica(
                            DescribeReplicaRequest.newBuilder()
                                    .setClusterId(cluster.clusterId())
                                    .setShard(shard.value())
                                    .build(),
                            answer);
        } catch (RuntimeException e) {
            answer.onError(e);
        }
        return answer.result()
                // One that does not know its own log yet would pass for an empty one.
                .thenApply(given -> given.hasMember() && !given.getState().equals(ReplicaState.BOOTING.name())
                        ? Optional.of(new Found(
                                PeerCodec.member(given.getMember()),
                                given.getLastSequence(),
                                given.getEpoch(),
                                given.getState().equals(ReplicaState.PRIMARY.name())))
                        : Optional.empty());
    }

    @Override
    public CompletableFuture<Void> stage(ShardId shard, NodeId to, long epoch, StagedBytes chunk) {
        return stagers.computeIfAbsent(to, node -> new StageSender(cluster, node))
                .stage(shard, epoch, chunk);
    }

    @Override
    public CompletableFuture<Void> fetch(
            ShardId shard,
            NodeId from,
            long sequence,
            List<ChunkKey> keys,
            boolean paced,
            Function<Fetched, CompletableFuture<Void>> taker) {
        var fetch = new ChunkFetch(keys, taker);
        var first = keys.get(0);
        try {
            var request = FetchChunksRequest.newBuilder()
                    .setClusterId(cluster.clusterId())
                    .setShard(shard.value())
                    .setSequence(sequence)
                    .setPaced(paced)
                    .setUser(first.user().value())
                    .setUploadId(Wire.bytes(first.upload()));
            keys.forEach(key -> request.addIndexes(key.index()));
            cluster.to(from, Lane.BULK)
                    .withDeadlineAfter(PeerLimits.FETCH_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .fetchChunks(request.build(), fetch);
        } catch (RuntimeException e) {
            fetch.onError(e);
        }
        return fetch.done();
    }

    @Override
    public CompletableFuture<Void> fetchSnapshot(
            ShardId shard, NodeId from, long epoch, Member follower, SnapshotTaker taker) {
        var fetch = new SnapshotFetch(gatekeeper, shard, epoch, taker);
        try {
            cluster.to(from, Lane.BULK)
                    .fetchSnapshot(
                            FetchSnapshotRequest.newBuilder()
                                    .setClusterId(cluster.clusterId())
                                    .setProtocol(PeerLimits.PROTOCOL)
                                    .setShard(shard.value())
                                    .setFollower(PeerCodec.member(follower))
                                    .setEpoch(epoch)
                                    .build(),
                            fetch);
        } catch (RuntimeException e) {
            fetch.onError(e);
        }
        return fetch.done();
    }

    /** Ends heartbeats and cuts all connections; what is under way fails. */
    @Override
    public void close() {
        var running = heartbeats;
        if (running != null) {
            running.close();
        }
        cluster.close();
    }
}
