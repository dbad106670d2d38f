// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.micrometer.core.instrument.Tag;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ForceShardRequest;
import io.tintype.proto.internal.v1.ShardOrdersGrpc;
import io.tintype.proto.internal.v1.TransferShardRequest;
import io.tintype.proto.internal.v1.TransferShardResponse;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Operators' orders to storage nodes, over gRPC. */
@Timeout(240)
class OrdersTest {
    /** A heartbeat in twenty seconds. */
    private static final ReplicaTiming RARELY_HEARD =
            new ReplicaTiming(seconds(20), seconds(81), seconds(82), seconds(110), seconds(90), seconds(1));

    @TempDir
    Path directory;

    private static long seconds(int seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void aShardIsHandedOverToTheNodeNamedAndKeepsEverything() throws Exception {
        try (var cluster = new TestCluster(directory, 3, TestCluster.NOBODY_FAILS)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            for (int i = 0; i < 20; i++) {
                Images.put(primary, "image-" + i, Images.bytes(3_000, i)).join();
            }
            var from = cluster.nodeOf(primary);
            var to = cluster.nodeOf(cluster.follower());
            long epoch = primary.status().epoch();

            var answer = transfer(cluster, from, to.value());

            assertThat(answer.getPrimary()).isEqualTo(to.value());
            assertThat(answer.getEpoch()).isEqualTo(epoch + 1);
            var next = cluster.primary();
            assertThat(cluster.nodeOf(next)).isEqualTo(to);
            assertThat(next.status().epoch())
                    .as("nobody else was elected meanwhile")
                    .isEqualTo(epoch + 1);
            for (int i = 0; i < 20; i++) {
                assertThat(Images.get(next, "image-" + i)).contains(Images.bytes(3_000, i));
            }
            assertThat(Images.put(next, "after", Images.bytes(10, 1)).join().outcome())
                    .isInstanceOf(Outcome.Written.class);
            assertThat(orders(cluster, from, "transfer", "done")).isEqualTo(1);

            assertThat(transfer(cluster, to, to.value()).getEpoch())
                    .as("ordered again, it is done already")
                    .isEqualTo(epoch + 1);
            assertThat(transfer(cluster, to, "").getPrimary())
                    .as("whoever has caught up most")
                    .isNotEqualTo(to.value());
        }
    }

    /** It needs others' leases, and those come with answers to its heartbeats. */
    @Test
    void whoTakesOverServesReadsLongBeforeHeartbeatsComeByTheClock() throws Exception {
        try (var cluster = new TestCluster(directory, 3, RARELY_HEARD)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            Images.put(primary, "image", Images.bytes(3_000, 1)).join();
            var from = cluster.nodeOf(primary);
            var to = cluster.nodeOf(cluster.follower());

            assertThat(transfer(cluster, from, to.value()).getPrimary()).isEqualTo(to.value());

            long since = System.nanoTime();
            var next = cluster.primary();
            await("a read")
                    .until(() -> next.begin(new ReadDemand.Linearizable())
                            .thenCompose(next::confirm)
                            .handle((fresh, failure) -> failure == null)
                            .join());
            assertThat(System.nanoTime() - since).isLessThan(RARELY_HEARD.heartbeatNanos() / 2);
        }
    }

    @Test
    void ordersThatCannotBeCarriedOutSayWhyAndChangeNothing() throws Exception {
        try (var cluster = new TestCluster(directory, 3, TestCluster.NOBODY_FAILS)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            var leading = cluster.nodeOf(primary);
            var following = cluster.nodeOf(cluster.follower());
            var before = cluster.record();

            var notHere = refusal(() -> transfer(cluster, following, leading.value()));
            assertThat(notHere.reason()).isEqualTo(Reason.NOT_PRIMARY);
            assertThat(notHere.details()).containsEntry(TintypeException.PRIMARY, leading.value());
            assertThat(refusal(() -> transfer(cluster, leading, "node-9")).reason())
                    .isEqualTo(Reason.WRONG_STATE);
            assertThat(refusal(() -> transfer(cluster, leading, "not a node")).reason())
                    .isEqualTo(Reason.INVALID_ARGUMENT);
            assertThat(refusal(() -> order(
                                    cluster,
                                    leading,
                                    channel -> UnaryCalls.start(
                                            channel,
                                            ShardOrdersGrpc.getTransferShardMethod(),
                                            options(),
                                            TransferShardRequest.newBuilder()
                                                    .setClusterId(TestCluster.CLUSTER)
                                                    .setShard(99)
                                                    .build())))
                            .reason())
                    .isEqualTo(Reason.SHARD_NOT_FOUND);

            assertThat(refusal(() -> force(cluster, following, TestCluster.SHARD.value()))
                            .reason())
                    .as("the shard is led")
                    .isEqualTo(Reason.WRONG_STATE);
            assertThat(refusal(() -> force(cluster, leading, TestCluster.SHARD.value()))
                            .reason())
                    .as("it leads already")
                    .isEqualTo(Reason.WRONG_STATE);
            assertThat(refusal(() -> force(cluster, following, 8)).reason())
                    .as("another id the second time")
                    .isEqualTo(Reason.INVALID_ARGUMENT);

            assertThat(cluster.record()).isEqualTo(before);
            assertThat(orders(cluster, following, "force", "wrong_state")).isEqualTo(1);
            assertThat(orders(cluster, following, "force", "invalid_argument")).isEqualTo(1);
            assertThat(orders(cluster, following, "transfer", "not_primary")).isEqualTo(1);
        }
    }

    @Test
    void aNodeThatLeavesHandsOverAndIsLeftOutBeforeItEnds() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            Images.put(primary, "before", Images.bytes(100, 1)).join();
            var leaving = cluster.nodeOf(primary);
            long epoch = primary.status().epoch();

            cluster.node(leaving).leave();

            var record = cluster.record();
            assertThat(record.getPrimary()).isNotEqualTo(leaving.value());
            assertThat(record.getEpoch()).isEqualTo(epoch + 1);
            assertThat(record.getInSyncList())
                    .hasSize(2)
                    .noneMatch(member -> member.getNode().equals(leaving.value()));
            cluster.stop(leaving);
            var next = cluster.primary();
            assertThat(Images.get(next, "before")).contains(Images.bytes(100, 1));
            cluster.start(leaving);
            cluster.awaitInSync(3);
        }
    }

    /** Two of three disks are gone with the records that the third one missed; what it has goes on. */
    @Test
    void aShardIsTakenByForceWhenEverybodyElectableIsGone() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            var kept = (Outcome.Written)
                    Images.put(primary, "kept", Images.bytes(100, 1)).join().outcome();
            cluster.awaitEqual();
            var survivor = cluster.nodeOf(cluster.follower());
            cluster.stop(survivor);
            cluster.awaitInSync(2);
            var versions = new HashMap<String, Outcome.Written>();
            for (int i = 0; i < 5; i++) {
                versions.put("lost-" + i, (Outcome.Written) Images.put(primary, "lost-" + i, Images.bytes(100, i))
                        .join()
                        .outcome());
            }
            var gone = cluster.nodes().stream().map(TestNode::id).toList();
            for (var id : gone) {
                cluster.wipe(id);
            }
            cluster.start(survivor);
            for (var id : gone) {
                cluster.start(id);
            }
            var only = await("the survivor knows its shard")
                    .atMost(TestCluster.PATIENCE)
                    .until(
                            () -> cluster.node(survivor).replica(),
                            replica -> replica.filter(found -> found.status().state() == ReplicaState.LEARNER)
                                    .isPresent())
                    .orElseThrow();
            assertThat(only.status().primary()).isPresent();

            await("its last grant runs out")
                    .atMost(TestCluster.PATIENCE)
                    .ignoreException(TintypeException.class)
                    .until(() -> force(cluster, survivor, TestCluster.SHARD.value()) > 0);

            var next = cluster.primary();
            assertThat(cluster.nodeOf(next)).isEqualTo(survivor);
            assertThat(cluster.record().getLosses()).isEqualTo(1);
            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                assertThat(Images.get(replica, "kept")).contains(Images.bytes(100, 1));
                assertThat(Images.get(replica, "lost-0")).isEmpty();
            });
            var written = (Outcome.Written)
                    Images.put(next, "after", Images.bytes(10, 1)).join().outcome();
            assertThat(versions.values())
                    .as("no version of what was lost is given out again")
                    .allSatisfy(lost -> assertThat(Long.compareUnsigned(number(written), number(lost)))
                            .isPositive());
            assertThat(Long.compareUnsigned(number(written), number(kept))).isPositive();
            assertThat(orders(cluster, survivor, "force", "done")).isEqualTo(1);
        }
    }

    private static long number(Outcome.Written written) {
        return written.head().getVersion().getNumber();
    }

    // ---- calls

    private interface Call<A> {
        CompletableFuture<A> on(ManagedChannel channel);
    }

    private static TransferShardResponse transfer(TestCluster cluster, NodeId at, String to) {
        return order(
                cluster,
                at,
                channel -> UnaryCalls.start(
                        channel,
                        ShardOrdersGrpc.getTransferShardMethod(),
                        options(),
                        TransferShardRequest.newBuilder()
                                .setClusterId(TestCluster.CLUSTER)
                                .setShard(TestCluster.SHARD.value())
                                .setTo(to)
                                .build()));
    }

    private static long force(TestCluster cluster, NodeId at, int confirmed) {
        return order(
                        cluster,
                        at,
                        channel -> UnaryCalls.start(
                                channel,
                                ShardOrdersGrpc.getForceShardMethod(),
                                options(),
                                ForceShardRequest.newBuilder()
                                        .setClusterId(TestCluster.CLUSTER)
                                        .setShard(TestCluster.SHARD.value())
                                        .setConfirmShard(confirmed)
                                        .build()))
                .getEpoch();
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    private static <A> A order(TestCluster cluster, NodeId at, Call<A> call) {
        var channel = ManagedChannelBuilder.forTarget(cluster.node(at).peerAddress())
                .usePlaintext()
                .build();
        try {
            return call.on(channel).join();
        } catch (CompletionException e) {
            throw Errors.fromWire(e.getCause() == null ? e : e.getCause());
        } finally {
            channel.shutdownNow();
        }
    }

    private static TintypeException refusal(Supplier<?> refused) {
        try {
            throw new AssertionError("accepted: " + refused.get());
        } catch (TintypeException e) {
            return e;
        }
    }

    private static double orders(TestCluster cluster, NodeId at, String order, String outcome) {
        var found = cluster.node(at)
                .registry()
                .find("tintype.shard.orders")
                .tags(Map.of("order", order, "outcome", outcome).entrySet().stream()
                        .map(tag -> Tag.of(tag.getKey(), tag.getValue()))
                        .toList())
                .counter();
        return found == null ? 0 : found.count();
    }
}
