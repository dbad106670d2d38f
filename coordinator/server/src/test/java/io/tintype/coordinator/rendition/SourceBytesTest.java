// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.coordinator.testing.Pausable;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An image that is gathered holds on to nothing once nobody waits for it. */
final class SourceBytesTest {
    private static final int PIECE = 1 << 20;

    private final MemoryCluster cluster = new MemoryCluster(64 << 20, 1L << 30);

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    void whatIsNotReadInTimeIsGivenUp() throws Exception {
        var bytes = new byte[3 * PIECE];
        new Random(1).nextBytes(bytes);
        cluster.store("u", "n", bytes);
        var head = cluster.a.blob("u", "n").orElseThrow().head();
        var channels = new Pausable(cluster);
        try (var gateway = cluster.withCaches(
                CacheSettings.DEFAULTS.withMemory(16 << 20), new Peers("alone", "local"), channels)) {
            var memory = gateway.caches().layers().get(0);
            var first = ByteString.copyFrom(bytes, 0, PIECE);
            var key = PieceSpec.of(head, 0).key();
            memory.offer(key, Piece.onHeap(first, Crc32c.of(first)));
            assertThat(memory.heldBytes()).isPositive();
            channels.pause(); // the rest does not come
            assertThatThrownBy(() -> SourceBytes.read(gateway.known(head), Duration.ofMillis(100)))
                    .isInstanceOf(TimeoutException.class);
            memory.drop(key);
            await().until(() -> memory.heldBytes() == 0);
            channels.resume();
            var read = SourceBytes.read(gateway.known(head), Duration.ofSeconds(30));
            assertThat(Arrays.equals(read, bytes)).isTrue();
        }
    }
}
