// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DigestReplicaRequest;
import io.tintype.proto.internal.v1.DigestReplicaResponse;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.storage.blob.StateDigest;
import io.tintype.storage.shard.HostReports;
import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whether two replicas hold the same can be told at one and the same record, whatever is written meanwhile. */
@Timeout(300)
class DigestTest {
    /** Bytes a second of copies; digests read four times as many. */
    private static final long SLOW = 64 << 10;

    private static final int LARGE = 3;
    private static final int LARGE_BYTES = 8 << 20;
    private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);

    @TempDir
    Path directory;

    @Test
    void replicasThatAppliedTheSameHaveOneDigestWhileWritesGoOn() throws Exception {
        try (var cluster = new TestCluster(directory, 3, TestCluster.NOBODY_FAILS)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            primary.propose(Images.stage(primary, "large", Images.bytes((2 << 20) + 7, 3)))
                    .join();
            var stop = new AtomicBoolean();
            var writer = new Thread(() -> write(stop, primary), "writer");
            writer.start();
            try {
                Awaitility.await("enough to digest is written")
                        .atMost(Duration.ofSeconds(60))
                        .until(() -> primary.status().appliedSeq() > 200);
                var mine = cluster.node(cluster.nodeOf(primary)).reports();
                var theirs = cluster.node(cluster.nodeOf(cluster.follower())).reports();
                for (int round = 0; round < 5; round++) {
                    var pins = pinned(primary, mine, theirs);
                    var a = digest(mine, pins.get(0), false);
                    var b = digest(theirs, pins.get(1), true);
                    assertThat(b.digest()).isEqualTo(a.digest());
                    assertThat(b.entries()).isEqualTo(a.entries()).isGreaterThan(100);
                    assertThat(b.badChunks()).isZero();
                    assertThat(b.chunkBytes()).isGreaterThan(2 << 20);
                }
            } finally {
                stop.set(true);
                writer.join();
            }
        }
    }

    /** So that one which differs there is damaged, however far it lags else. */
    @Test
    void aReadCopyThatIsAtTheSameRecordHasTheSameDigest() throws Exception {
        var copy = new NodeId("node-3");
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assignTo(2, List.of(new NodeId("node-1"), new NodeId("node-2")));
            cluster.awaitInSync(2);
            var primary = cluster.primary();
            Images.claim(primary);
            Images.put(primary, "before", Images.bytes(500, 1)).join();
            cluster.observe(copy);
            primary.propose(Images.stage(primary, "large", Images.bytes((2 << 20) + 7, 3)))
                    .join();
            Images.put(primary, "after", Images.bytes(500, 2)).join();
            Awaitility.await("the copy has come so far")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.node(copy)
                            .replica()
                            .filter(replica -> replica.status().appliedSeq()
                                    == primary.status().appliedSeq())
                            .isPresent());
            assertThat(primary.status().inSync()).as("it does not count").hasSize(2);
            var mine = cluster.node(cluster.nodeOf(primary)).reports();
            var theirs = cluster.node(copy).reports();
            var at = mine.pin(TestCluster.SHARD, 0).join();
            var same = theirs.pin(TestCluster.SHARD, at.sequence()).join();
            assertThat(same.sequence()).isEqualTo(at.sequence());
            var a = digest(mine, at, false);
            var b = digest(theirs, same, true);
            assertThat(b.digest()).isEqualTo(a.digest());
            assertThat(b.entries()).isEqualTo(a.entries()).isGreaterThan(3);
            assertThat(b.badChunks()).isZero();
            assertThat(b.chunkBytes()).isGreaterThan(2 << 20);
        }
    }

    @Test
    void anIdleShardIsPinnedAsItIsAndAnotherStateHasAnotherDigest() throws Exception {
        try (var cluster = new TestCluster(directory, 1)) {
            cluster.assign(1);
            var primary = cluster.primary();
            Images.claim(primary);
            Images.put(primary, "one", Images.bytes(500, 1)).join();
            var reports = cluster.node(1).reports();
            var before = reports.pin(TestCluster.SHARD, primary.status().appliedSeq() + 100)
                    .join();
            Images.put(primary, "two", Images.bytes(500, 2)).join();
            var after = reports.pin(TestCluster.SHARD, 0).join();
            assertThat(after.sequence()).isGreaterThan(before.sequence());
            assertThat(digest(reports, before, true).digest())
                    .isNotEqualTo(digest(reports, after, true).digest());
            assertThatThrownBy(() -> digest(reports, before, true))
                    .as("a pin is used once")
                    .hasCauseInstanceOf(TintypeException.class)
                    .hasMessageContaining("no such pin");
        }
    }

    /** A controller that asked for digests dies: those of the next one do not wait until nobody's are done. */
    @Test
    void digestsThatNobodyWaitsForEnd() throws Exception {
        try (var cluster = new TestCluster(directory, 0)) {
            cluster.snapshotRate(SLOW); // each of the large digests would take longer than anybody here has patience
            cluster.start(new NodeId("node-1"));
            cluster.assign(1);
            var primary = cluster.primary();
            Images.claim(primary);
            for (int i = 0; i < LARGE; i++) {
                primary.propose(Images.stage(primary, "large-" + i, Images.bytes(LARGE_BYTES, i)))
                        .join();
            }
            var reports = cluster.node(1).reports();
            var dying = new Channels();
            try (var next = new Channels()) {
                var address = cluster.node(1).peerAddress();
                assertThatThrownBy(asked(dying.to(address), reports, true, 500)::join)
                        .as("one that is under way when its caller's patience ends")
                        .hasMessageContaining("DEADLINE_EXCEEDED");
                var left = List.of(
                        asked(dying.to(address), reports, true, DAY_MS),
                        asked(dying.to(address), reports, true, DAY_MS));
                assertThat(left).noneMatch(CompletableFuture::isDone);
                dying.close();

                assertThat(asked(next.to(address), reports, false, DAY_MS)
                                .get(TestCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                                .getChunks())
                        .isEqualTo((long) LARGE * LARGE_BYTES / Limits.CHUNK_BYTES);
                Awaitility.await("those that nobody waits for")
                        .until(() -> left.stream().allMatch(CompletableFuture::isCompletedExceptionally));
            } finally {
                dying.close();
            }
        }
    }

    /** Both states right behind one record; further ahead where one of them had applied more, or less, when it was to be pinned. */
    private static List<HostReports.Pinned> pinned(ShardReplica primary, HostReports mine, HostReports theirs) {
        for (long ahead = 8; ahead <= 8 << 10; ahead *= 4) {
            long at = primary.status().appliedSeq() + ahead;
            var asked = List.of(mine.pin(TestCluster.SHARD, at), theirs.pin(TestCluster.SHARD, at));
            var pins = asked.stream().map(CompletableFuture::join).toList();
            if (pins.stream().allMatch(pin -> pin.sequence() == at)) {
                return pins;
            }
            mine.drop(pins.get(0).pin());
            theirs.drop(pins.get(1).pin());
        }
        throw new AssertionError("never were both states pinned behind the record that was named");
    }

    private static CompletableFuture<DigestReplicaResponse> asked(
            Channel channel, HostReports reports, boolean readChunks, long deadlineMs) {
        var request = DigestReplicaRequest.newBuilder()
                .setClusterId(TestCluster.CLUSTER)
                .setPin(reports.pin(TestCluster.SHARD, 0).join().pin())
                .setReadChunks(readChunks)
                .build();
        var options = CallOptions.DEFAULT.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS);
        return UnaryCalls.start(channel, NodeReportsGrpc.getDigestReplicaMethod(), options, request);
    }

    private static StateDigest digest(HostReports reports, HostReports.Pinned pinned, boolean readChunks) {
        return reports.digest(pinned.pin(), readChunks).join();
    }

    private static void write(AtomicBoolean stop, ShardReplica primary) {
        for (int i = 0; !stop.get(); i++) {
            Images.put(primary, "image-" + i % 400, Images.bytes(1 + i % 900, i))
                    .join();
        }
    }
}
