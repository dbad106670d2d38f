// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.memory.InMemoryTintype;
import java.util.Arrays;
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
        assertThat(other.cacheStats()).isEqualTo(new CacheStats(0, 0, 0, 0, 0, 0));
    }
}
