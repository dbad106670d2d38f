// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.HeartbeatRequest;
import io.tintype.proto.internal.v1.HeartbeatResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc.ReplicationImplBase;
import io.tintype.proto.internal.v1.ShardBeat;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.shard.Clock;
import io.tintype.storage.shard.PeerInbox;
import io.tintype.storage.shard.PeerShards;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.storage.shard.ShardStatus;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What nodes say to each other all the time: as much for two hundred shards as for one. */
@Timeout(120)
class HeartbeatsTest {
    private static final int SHARDS = 200;
    private static final int ROUNDS = 5;
    private static final NodeId SELF = new NodeId("self");
    private static final Set<NodeId> PEERS = Set.of(new NodeId("peer-1"), new NodeId("peer-2"));

    private static final ReplicaTiming RARELY =
            new ReplicaTiming(seconds(20), seconds(81), seconds(82), seconds(110), seconds(90), seconds(1));

    /** What came, by stream. */
    private final List<List<HeartbeatRequest>> streams = new CopyOnWriteArrayList<>();

    @SuppressWarnings("NullAway.Init")
    private Server server;

    @SuppressWarnings("NullAway.Init")
    private PeerNetwork network;

    private static long seconds(int seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    /** One server stands for both peers, each of which has streams of its own. */
    @BeforeEach
    void start() throws Exception {
        server = GrpcServers.builder("127.0.0.1", 0)
                .addService(new ReplicationImplBase() {
                    @Override
                    public StreamObserver<HeartbeatRequest> heartbeat(StreamObserver<HeartbeatResponse> responses) {
                        var messages = new CopyOnWriteArrayList<HeartbeatRequest>();
                        streams.add(messages);
                        return new StreamObserver<>() {
                            @Override
                            public void onNext(HeartbeatRequest message) {
                                messages.add(message);
                                responses.onNext(HeartbeatResponse.newBuilder()
                                        .setRound(message.getRound())
                                        .build());
                            }

                            @Override
                            public void onError(Throwable failure) {
                                ended();
                            }

                            @Override
                            public void onCompleted() {
                                ended();
                            }

                            /** Another one is opened where answers were late. */
                            @SuppressWarnings("ReferenceEquality") // this one, not one that says the same
                            private void ended() {
                                streams.removeIf(open -> open == messages);
                            }
                        };
                    }
                })
                .build()
                .start();
        network = new PeerNetwork(
                SELF,
                TestCluster.CLUSTER,
                node -> Optional.of("127.0.0.1:" + server.getPort()),
                new SimpleMeterRegistry());
    }

    @AfterEach
    void stop() {
        network.close();
        server.shutdownNow();
    }

    @Test
    void oneMessageOfEachRoundGoesToEachNodeHoweverManyShardsTheyShare() {
        var ids = IntStream.rangeClosed(1, SHARDS).boxed().toList();

        network.startHeartbeats(new Led(ids), TestCluster.TIMING);

        await().atMost(TestCluster.PATIENCE)
                .until(() -> streams.size() == PEERS.size() && streams.stream().allMatch(one -> one.size() >= ROUNDS));
        for (var messages : streams) {
            for (int i = 0; i < ROUNDS; i++) {
                assertThat(messages.get(i).getRound()).isEqualTo(i + 1);
                assertThat(messages.get(i).getShardsList().stream().map(ShardBeat::getShard))
                        .containsExactlyInAnyOrderElementsOf(ids);
            }
        }
    }

    @Test
    void aRoundThatIsAskedForWaitsForNoClockAndManyAreOne() {
        network.startHeartbeats(new Led(List.of(1)), RARELY);
        long began = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            network.beatSoon();
        }
        long rounds = 3 + (System.nanoTime() - began) / PeerLimits.ROUNDS_APART.toNanos();

        await("well before a round comes by the clock")
                .atMost(Duration.ofNanos(RARELY.heartbeatNanos() / 2))
                .until(() -> streams.size() == PEERS.size() && streams.stream().noneMatch(List::isEmpty));
        assertThat(streams).allSatisfy(messages -> assertThat(messages).hasSizeLessThanOrEqualTo((int) rounds));
    }

    @Test
    void aStreamIsOpenToWhomShardsAreFollowedWithBeforeOneIsLed() {
        network.startHeartbeats(new Led(List.of(Led.FOLLOWED)), TestCluster.TIMING);

        await().atMost(TestCluster.PATIENCE)
                .until(() -> streams.size() == PEERS.size() && streams.stream().noneMatch(List::isEmpty));
        for (int i = 0; i < ROUNDS; i++) {
            network.beatSoon();
        }
        assertThat(streams).allSatisfy(messages -> {
            assertThat(messages).as("said once").hasSize(1);
            assertThat(messages.get(0).getShardsList()).isEmpty();
        });
    }

    @Test
    void aShardThatSaysNothingDoesNotSilenceTheOthers() {
        network.startHeartbeats(new Led(List.of(1, 2, Led.SILENT)), TestCluster.TIMING);

        await().atMost(TestCluster.PATIENCE)
                .until(() -> streams.size() == PEERS.size() && streams.stream().allMatch(one -> one.size() >= ROUNDS));
        for (var messages : streams) {
            assertThat(messages)
                    .allSatisfy(message -> assertThat(
                                    message.getShardsList().stream().map(ShardBeat::getShard))
                            .containsExactlyInAnyOrder(1, 2));
        }
    }

    /** So many shards that this node leads, with the same followers. */
    private static final class Led implements PeerShards {
        /** One that never says what to beat. */
        static final int SILENT = 999;

        /** One that this node does not lead. */
        static final int FOLLOWED = 998;

        private final List<PeerInbox> shards;

        Led(List<Integer> ids) {
            shards = ids.stream().map(Led::shard).toList();
        }

        private static PeerInbox shard(int id) {
            var beating = new PeerInbox.Beating(new Beat(1, 10, 10, true, 0, false), PEERS);
            return only(
                    PeerInbox.class,
                    Map.of(
                            "replica",
                            only(ShardReplica.class, Map.of("id", new ShardId(id), "status", followed(id))),
                            "beat",
                            id == SILENT
                                    ? new CompletableFuture<>()
                                    : CompletableFuture.completedFuture(
                                            id == FOLLOWED ? Optional.empty() : Optional.of(beating))));
        }

        private static ShardStatus followed(int id) {
            var inSync = new ArrayList<>(PEERS);
            inSync.add(SELF);
            return new ShardStatus(
                    new ShardId(id),
                    false,
                    new PoolId("local", "free"),
                    new ShardRules(1_000, 0, 0, false),
                    ReplicaState.FOLLOWER,
                    true,
                    1,
                    Optional.of(inSync.get(0)),
                    inSync,
                    2,
                    0,
                    0,
                    0,
                    Optional.empty());
        }

        /** An object that has no more than these answers. */
        private static <T> T only(Class<T> type, Map<String, Object> answers) {
            return type.cast(Proxy.newProxyInstance(
                    type.getClassLoader(), new Class<?>[] {type}, (it, method, arguments) -> {
                        var answer = answers.get(method.getName());
                        if (answer == null) {
                            throw new AssertionError("heartbeats called " + method);
                        }
                        return answer;
                    }));
        }

        @Override
        public Optional<PeerInbox> find(ShardId id) {
            return Optional.empty();
        }

        @Override
        public Collection<PeerInbox> all() {
            return shards;
        }

        @Override
        public void burst(Runnable posting) {
            posting.run();
        }

        @Override
        public Executor blocking() {
            return Runnable::run;
        }

        @Override
        public Clock clock() {
            return Clock.SYSTEM;
        }
    }
}
