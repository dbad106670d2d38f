// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.memory.InMemoryTintype;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class NearCacheTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster)
            .nearCacheBytes(1 << 20)
            .nearCacheMaxBlobBytes(400_000)
            .build();
    private final TintypeClient other = Clusters.client(cluster).build();

    @AfterEach
    void close() {
        client.close();
        other.close();
        cluster.close();
    }

    @Test
    void bytesTravelOnlyWhenTheyChanged() {
        byte[] first = Clusters.bytes(300_000, 1);
        byte[] second = Clusters.bytes(300_000, 2);
        other.put("alice", "b", first);
        assertThat(client.get("alice", "b").bytes()).isEqualTo(first);
        long sent = cluster.sent.get();

        assertThat(client.get("alice", "b").bytes()).isEqualTo(first);
        assertThat(client.get("alice", "b", GetOptions.DEFAULT.withRange(5, 10)).bytes())
                .isEqualTo(Arrays.copyOfRange(first, 5, 15));
        assertThat(cluster.sent).hasValue(sent);

        other.put("alice", "b", second);
        assertThat(client.get("alice", "b").bytes()).isEqualTo(second);
        var stats = client.cacheStats();
        assertThat(stats.hits()).isEqualTo(2);
        assertThat(stats.misses()).isEqualTo(2);
        assertThat(stats.savedBytes()).isEqualTo(300_010);
    }

    @Test
    void aRangeIsRefusedByTheCacheAsByTheCluster() {
        other.put("alice", "full", new byte[10]);
        other.put("alice", "empty", new byte[0]);
        client.get("alice", "full");
        client.get("alice", "empty");
        for (var reader : List.of(client, other)) {
            for (var range : List.of(new ByteRange(0, 5), ByteRange.from(1))) {
                assertThatThrownBy(() -> reader.get("alice", "empty", GetOptions.DEFAULT.withRange(range)))
                        .isInstanceOf(RangeNotSatisfiableException.class);
            }
            assertThatThrownBy(() -> reader.get("alice", "full", GetOptions.DEFAULT.withRange(ByteRange.from(10))))
                    .isInstanceOf(RangeNotSatisfiableException.class);
            assertThat(reader.get("alice", "empty").bytes()).isEmpty();
        }
    }

    @Test
    void aDeletedBlobIsGoneWhateverIsCached() {
        other.put("alice", "b", new byte[10]);
        client.get("alice", "b");
        other.delete("alice", "b");

        assertThatThrownBy(() -> client.get("alice", "b")).isInstanceOf(BlobNotFoundException.class);
    }

    @Test
    void whatAReaderDoesToHisBytesHarmsNoOther() {
        other.put("alice", "b", new byte[10]);
        client.get("alice", "b").bytes()[0] = 1;
        client.get("alice", "b").bytes()[1] = 1;

        assertThat(client.get("alice", "b").bytes()).containsOnly(0);
    }

    @Test
    void largeBlobsAreNotKeptAndTheWholeIsBounded() {
        for (int i = 0; i < 10; i++) {
            other.put("alice", "b" + i, new byte[200_000 + i * 30_000]);
            client.get("alice", "b" + i);
            client.get("alice", "b" + i);
        }

        assertThat(client.cacheStats().heldBytes()).isLessThanOrEqualTo(1 << 20);
        long sent = cluster.sent.get();
        client.get("alice", "b9");
        assertThat(cluster.sent).hasValue(sent + 470_000);
    }

    @Test
    void itIsOffUnlessAskedFor() {
        other.put("alice", "b", new byte[10]);
        other.get("alice", "b");
        other.get("alice", "b");

        assertThat(cluster.sent).hasValue(20);
        assertThat(other.cacheStats()).isEqualTo(CacheStats.OFF);
    }

    private static final GetOptions STALE =
            GetOptions.DEFAULT.withConsistency(Consistency.boundedStaleness(Duration.ofSeconds(4)));

    private List<String> callsOf(Runnable work) {
        int before = cluster.faults.calls().size();
        work.run();
        var all = cluster.faults.calls();
        return all.subList(before, all.size()).stream()
                .filter(call -> !call.contains("Watch"))
                .toList();
    }

    /** A feed that begins makes the client forget what it held before. */
    private void awaitFeed(String name) {
        client.get("alice", name);
        Awaitility.await().atMost(Clusters.SOON).until(() -> client.cacheStats().feeds() == 1);
    }

    @Test
    void withinALeaseAHitAsksNobody() {
        Clusters.warmUp(client, cluster, "alice");
        byte[] bytes = Clusters.bytes(300_000, 1);
        other.put("alice", "b", bytes);
        awaitFeed("b");
        client.get("alice", "b", STALE);

        assertThat(callsOf(() -> {
                    var blob = client.get("alice", "b", STALE);
                    assertThat(blob.bytes()).isEqualTo(bytes);
                    assertThat(blob.freshness().stale()).as("and says so").isTrue();
                    assertThat(client.get("alice", "b", STALE.withRange(5, 10)).bytes())
                            .isEqualTo(Arrays.copyOfRange(bytes, 5, 15));
                    client.head(
                            "alice",
                            "b",
                            HeadOptions.DEFAULT.withConsistency(Consistency.boundedStaleness(Duration.ofSeconds(4))));
                }))
                .isEmpty();
        assertThat(client.cacheStats().leaseHits()).isEqualTo(2);
    }

    @Test
    void whoMustSeeEverythingAsksThoughALeaseRuns() {
        Clusters.warmUp(client, cluster, "alice");
        other.put("alice", "b", new byte[] {1});
        client.get("alice", "b", STALE);
        other.put("alice", "b", new byte[] {2});

        assertThat(client.get("alice", "b").bytes()).containsExactly(2);
        assertThat(client.get("alice", "b", STALE).bytes())
                .as("and what he saw, all see")
                .containsExactly(2);
    }

    @Test
    void aFeedEndsALeaseEarly() {
        Clusters.warmUp(client, cluster, "alice");
        other.put("alice", "b", new byte[] {1});
        awaitFeed("b");
        client.get("alice", "b");
        assertThat(callsOf(() -> client.get("alice", "b", STALE))).isEmpty();

        var news = other.put("alice", "b", new byte[] {2}).info().version();
        long changes = client.cacheStats().changes();
        cluster.tellHead("alice", "b", news);
        Awaitility.await().atMost(Clusters.SOON).until(() -> client.cacheStats().changes() > changes);

        assertThat(client.get("alice", "b", STALE).bytes()).containsExactly(2);
    }

    @Test
    void aSessionSeesItsOwnWritesThroughTheCache() {
        Clusters.warmUp(client, cluster, "alice");
        for (int i = 0; i < 20; i++) {
            client.put("alice", "b", new byte[] {(byte) i});
            var own = GetOptions.DEFAULT.withConsistency(Consistency.session());
            assertThat(client.get("alice", "b", own).bytes()).containsExactly(i);
            assertThat(client.get("alice", "b", own).bytes()).containsExactly(i);
        }
        client.delete("alice", "b");
        assertThatThrownBy(() -> client.get("alice", "b", STALE)).isInstanceOf(BlobNotFoundException.class);
    }

    @Test
    void whatThisClientSentInChunksEndsItsLeaseLikeAnyChangeOfItsOwn() {
        Clusters.warmUp(client, cluster, "alice");
        client.put("alice", "b", new byte[] {1});
        awaitFeed("b");
        client.get("alice", "b");
        assertThat(callsOf(() -> client.get("alice", "b", STALE))).isEmpty();

        var upload = client.startUpload("alice", "b", PutOptions.DEFAULT);
        upload.putChunk(0, new byte[] {2});
        upload.complete();
        assertThat(client.get("alice", "b", STALE).bytes()).containsExactly(2);
    }

    @Test
    void absenceIsRememberedForAMoment() {
        Clusters.warmUp(client, cluster, "alice");
        assertThatThrownBy(() -> client.get("alice", "none")).isInstanceOf(BlobNotFoundException.class);
        var calls = callsOf(() ->
                assertThatThrownBy(() -> client.get("alice", "none", STALE)).isInstanceOf(BlobNotFoundException.class));
        assertThat(calls.size()).as("none, or one where a second passed").isLessThanOrEqualTo(1);
        other.put("alice", "none", new byte[] {1});
        Awaitility.await()
                .atMost(Clusters.SOON)
                .ignoreException(BlobNotFoundException.class)
                .until(() -> client.get("alice", "none", STALE).length() == 1);
    }

    @Test
    void thoseWhoWantTheSameShareOneRequest() {
        Clusters.warmUp(client, cluster, "alice");
        other.put("alice", "b", new byte[] {1});

        assertThat(callsOf(() -> {
                    var reads = IntStream.range(0, 20)
                            .mapToObj(i -> client.async().get("alice", "b", STALE))
                            .toList();
                    reads.forEach(read -> assertThat(read.join().bytes()).containsExactly(1));
                }))
                .as("one, and others only where that was silent for long")
                .hasSizeLessThan(4);
    }

    @Test
    void leasesCanBeTurnedOff() {
        try (var asking = Clusters.client(cluster)
                .nearCacheBytes(1 << 20)
                .nearCacheLeases(false)
                .build()) {
            Clusters.warmUp(asking, cluster, "alice");
            asking.get("alice", "warm", STALE);

            assertThat(callsOf(() -> asking.get("alice", "warm", STALE))).hasSize(1);
        }
    }
}
