// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannelBuilder;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ReplicationTest {
    @TempDir
    Path directory;

    @Test
    void whatThePrimaryCommitsIsOnEveryReplica() throws Exception {
        try (var cluster = new TestCluster(directory, 3, TestCluster.NOBODY_FAILS)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);

            var puts = new ArrayList<CompletableFuture<Committed>>();
            for (int i = 0; i < 200; i++) {
                puts.add(Images.put(primary, "image-" + i, Images.bytes(1 + i * 97, i)));
            }

            for (var put : puts) {
                assertThat(put.join().outcome()).isInstanceOf(Outcome.Written.class);
                assertThat(put.join().replicas()).hasSize(3);
            }
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                for (int i = 0; i < 200; i++) {
                    assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(1 + i * 97, i));
                }
                assertThat(replica.reader().stats()).isEqualTo(primary.reader().stats());
            });
        }
    }

    @Test
    void largeBlobsAreStagedAheadOnAllInSyncReplicas() throws Exception {
        try (var cluster = new TestCluster(directory, 3, TestCluster.NOBODY_FAILS)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            await("followers that took all chunks in time")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> {
                        double missed = cluster.count("tintype.chunks.staging.missed");
                        double fetched = cluster.count("tintype.chunks.fetched");
                        assertLargeIsEverywhere(cluster, primary);
                        boolean inTime = cluster.count("tintype.chunks.staging.missed") == missed;
                        if (inTime) {
                            assertThat(cluster.count("tintype.chunks.fetched")).isEqualTo(fetched);
                        }
                        return inTime;
                    });
        }
    }

    private static void assertLargeIsEverywhere(TestCluster cluster, ShardReplica primary) {
        var bytes = Images.bytes((5 << 20) + 17, 1);
        var outcome = primary.propose(Images.stage(primary, "large", bytes)).join();
        assertThat(outcome.outcome()).isInstanceOf(Outcome.Written.class);
        cluster.awaitEqual();
        assertThat(cluster.replicas())
                .hasSize(3)
                .allSatisfy(replica -> assertThat(Images.get(replica, "large")).contains(bytes));
    }

    @Test
    void aFollowerThatWasAwayCatchesUpAndFetchesTheChunksItMissed() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            Images.put(primary, "before", Images.bytes(1_000, 1)).join();
            var follower = cluster.nodeOf(cluster.follower());

            cluster.stop(follower);
            cluster.awaitInSync(2);
            for (int i = 0; i < 20; i++) {
                Images.put(primary, "during-" + i, Images.bytes(10_000, i)).join();
            }
            var large = Images.bytes(3 << 20, 9);
            primary.propose(Images.stage(primary, "large", large)).join();
            cluster.start(follower);

            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                assertThat(Images.get(replica, "before")).contains(Images.bytes(1_000, 1));
                assertThat(Images.get(replica, "during-19")).contains(Images.bytes(10_000, 19));
                assertThat(Images.get(replica, "large")).contains(large);
            });
            assertThat(cluster.node(follower)
                            .registry()
                            .get("tintype.chunks.fetched")
                            .counter()
                            .count())
                    .isEqualTo(3);
        }
    }

    @Test
    void afterAllNodesStoppedANewEpochHasEverythingAcknowledged() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            for (int i = 0; i < 50; i++) {
                Images.put(primary, "image-" + i, Images.bytes(5_000, i)).join();
            }
            long epoch = primary.status().epoch();
            var ids = cluster.nodes().stream().map(TestNode::id).toList();

            ids.forEach(cluster::stop);
            for (var id : ids) {
                cluster.start(id);
            }

            var next = cluster.primary();
            assertThat(next.status().epoch()).isGreaterThan(epoch);
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                for (int i = 0; i < 50; i++) {
                    assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(5_000, i));
                }
            });
            assertThat(Images.put(next, "after", Images.bytes(10, 1)).join().outcome())
                    .isInstanceOf(Outcome.Written.class);
        }
    }

    @Test
    void anotherReplicaTakesOverWhenThePrimaryDies() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            Images.put(primary, "before", Images.bytes(1_000, 1)).join();

            cluster.stop(cluster.nodeOf(primary));

            var next = cluster.primary();
            assertThat(Images.get(next, "before")).contains(Images.bytes(1_000, 1));
            await("the dead member shrunk out of the in-sync set")
                    .atMost(TestCluster.PATIENCE)
                    .untilAsserted(() -> assertThat(Images.put(next, "after", Images.bytes(10, 1))
                                    .handle((done, failure) -> failure == null)
                                    .join())
                            .isTrue());
            var point = next.begin(new ReadDemand.Linearizable()).join();
            assertThat(next.confirm(point).join().stale()).isFalse();
        }
    }

    /**
     * Writes go on while all followers die, so that the primary's log ends in records that nobody else has; then it dies
     * too, and the others go on without it.
     */
    @Test
    void whatWasNeverAcknowledgedIsCutAwayAndTheRestAgrees() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            var first = cluster.nodeOf(primary);
            var others = cluster.nodes().stream()
                    .map(TestNode::id)
                    .filter(id -> !id.equals(first))
                    .toList();
            var puts = new ConcurrentSkipListMap<Integer, CompletableFuture<Committed>>();
            var writer = Executors.newSingleThreadScheduledExecutor();
            var unused = writer.scheduleAtFixedRate(
                    () -> puts.put(
                            puts.size(),
                            Images.put(primary, "image-" + puts.size(), Images.bytes(500 + puts.size(), puts.size()))),
                    0,
                    10,
                    TimeUnit.MILLISECONDS);
            await("some writes").atMost(TestCluster.PATIENCE).until(() -> puts.size() > 20);

            others.forEach(cluster::stop);
            writer.shutdown();
            assertThat(writer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            long lastOfFirst = primary.status().lastSeq();
            cluster.stop(first);
            for (var id : others) {
                cluster.start(id);
            }
            var next = cluster.primary();
            long lastOfNext = next.status().lastSeq();
            await("enough replicas for a write")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> Images.put(next, "after", Images.bytes(10, 1))
                            .handle((done, failure) -> failure == null)
                            .join());
            cluster.start(first);

            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(puts.values()).allMatch(CompletableFuture::isDone);
            var acknowledged = puts.entrySet().stream()
                    .filter(put -> !put.getValue().isCompletedExceptionally())
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(acknowledged).isNotEmpty();
            assertThat(cluster.replicas())
                    .as("first primary's log ended at %d, the next one's at %d", lastOfFirst, lastOfNext)
                    .allSatisfy(replica -> {
                        for (int i : acknowledged) {
                            assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(500 + i, i));
                        }
                        for (int i : puts.keySet()) {
                            assertThat(Images.get(replica, "image-" + i).isPresent())
                                    .as("image " + i)
                                    .isEqualTo(Images.get(next, "image-" + i).isPresent());
                        }
                    });
        }
    }

    /** Else the outcome of seconds ago would count as forgotten, and the retry would bring the first image back. */
    @Test
    void aRetryIsRecognisedAlthoughTheWallClocksWereSetForward() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            var request = RequestId.random(new Random());
            var first = Images.put(primary, "image", Images.bytes(100, 1), request);
            var written = (Outcome.Written) first.join().outcome();
            Images.put(primary, "image", Images.bytes(100, 2)).join();

            cluster.setClocksForward(Duration.ofHours(3));
            Images.put(primary, "another", Images.bytes(100, 3)).join();
            var retry = Images.put(cluster.primary(), "image", Images.bytes(100, 1), request);

            assertThat(retry.join().outcome()).isEqualTo(written);
            assertThat(Images.get(cluster.primary(), "image")).contains(Images.bytes(100, 2));
        }
    }

    @Test
    void readsAndWritesAtAFollowerSayWhoLeads() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            var written = Images.put(primary, "image", Images.bytes(100, 1)).join();
            var follower = cluster.follower();

            var write = refusal(Images.put(follower, "image", Images.bytes(1, 1)));
            assertThat(write.reason()).isEqualTo(Reason.NOT_PRIMARY);
            assertThat(write.details())
                    .containsEntry(
                            TintypeException.PRIMARY, cluster.nodeOf(primary).value());
            var read = refusal(follower.begin(new ReadDemand.Linearizable()));
            assertThat(read.reason()).isEqualTo(Reason.NOT_PRIMARY);
            assertThat(Images.get(primary, "image"))
                    .as("what the refused write left")
                    .contains(Images.bytes(100, 1));

            var session = follower.begin(new ReadDemand.Session(written.at())).join();
            assertThat(Images.get(follower, "image")).contains(Images.bytes(100, 1));
            assertThat(follower.confirm(session).join().stale()).isTrue();
            await("a follower that knows how far behind it may be")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> follower.begin(new ReadDemand.BoundedStaleness(Duration.ofSeconds(5)))
                            .handle((begun, failure) -> failure == null && begun.asOfMs() > 0)
                            .join());
        }
    }

    /** Coordinators send new users to shards with little to do. */
    @Test
    void aPrimaryTellsHowOftenItIsAsked() throws Exception {
        try (var cluster = new TestCluster(directory, 1)) {
            cluster.assign(1);
            var primary = cluster.primary();
            var address = cluster.node(cluster.nodeOf(primary)).peerAddress();
            var channel =
                    ManagedChannelBuilder.forTarget(address).usePlaintext().build();
            try {
                var question = DescribeReplicaRequest.newBuilder()
                        .setClusterId(TestCluster.CLUSTER)
                        .setShard(TestCluster.SHARD.value())
                        .build();
                var stub = ReplicationGrpc.newBlockingStub(channel);
                assertThat(stub.describeReplica(question).getCallsPerSecond()).isLessThan(1_000);
                await("a thousand calls a second, which are counted once a second and smoothed")
                        .atMost(TestCluster.PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> {
                            for (int i = 0; i < 1_000; i++) {
                                primary.begin(new ReadDemand.Linearizable()).join();
                            }
                            return stub.describeReplica(question).getCallsPerSecond() > 1_000;
                        });
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void aChangeThatNoRecordCanHoldIsRefusedAndHarmsNobody() throws Exception {
        try (var cluster = new TestCluster(directory, 1)) {
            cluster.assign(1);
            var primary = cluster.primary();
            Images.claim(primary);
            var large = ByteString.copyFrom(new byte[70_000]);

            var refused = primary.propose(Proposal.of(RecordType.PUT_COMMIT, Images.ALICE, large));

            assertThat(refusal(refused).reason()).isEqualTo(Reason.INVALID_ARGUMENT);
            var after = Images.put(primary, "after", Images.bytes(10, 1)).join();
            assertThat(after.outcome()).isInstanceOf(Outcome.Written.class);
            assertThat(primary.status().failure()).isEmpty();
        }
    }

    @Test
    void aRecordWhoseChunksWereHereBeforeAllWasReplacedIsRefused() throws Exception {
        try (var cluster = new TestCluster(directory, 1)) {
            cluster.assign(1);
            var primary = cluster.primary();
            Images.claim(primary);
            int emptied = primary.emptied();
            var bytes = Images.bytes(300 << 10, 1);
            var put = Images.stage(primary, "large", bytes);

            var refusal = refusal(primary.propose(put, emptied - 1));

            assertThat(refusal.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(refusal.reason().isTransient()).isTrue();
            assertThat(Images.get(primary, "large")).isEmpty();
            primary.propose(put, emptied).join();
            assertThat(Images.get(primary, "large")).contains(bytes);
        }
    }

    /** Why it was refused; a refusal that does not come is a failure of its own. */
    private static TintypeException refusal(CompletableFuture<?> refused) throws Exception {
        try {
            var accepted = refused.get(TestCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            throw new AssertionError("accepted: " + accepted);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TintypeException refusal) {
                return refusal;
            }
            throw e;
        }
    }
}
