// SPDX-License-Identifier: Apache-2.0
package io.tintype.checksum;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Crc32cTest {
    @Test
    void knowsTheCheckValueOfCastagnoli() {
        // The catalogue's check value, also in RFC 3720's family of test vectors.
        assertThat(Crc32c.of("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xE3069283);
        assertThat(Crc32c.of(new byte[0])).isEqualTo(Crc32c.EMPTY);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void partsJoinToTheWhole(long seed) {
        var random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            byte[] whole = new byte[random.nextInt(5_000)];
            random.nextBytes(whole);
            var running = new Crc32c.Running();
            int at = 0;
            while (at < whole.length) {
                int length = random.nextInt(whole.length - at + 1);
                running.add(Crc32c.of(whole, at, length), length);
                at += length;
            }
            assertThat(running.crc()).as("seed %s, round %s", seed, round).isEqualTo(Crc32c.of(whole));
            assertThat(running.length()).isEqualTo(whole.length);
        }
    }

    @Test
    void everyShapeOfTheSameBytesHasTheSameChecksum() {
        byte[] bytes = new byte[10_000];
        new Random(4).nextBytes(bytes);
        int expected = Crc32c.of(bytes);
        var buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        assertThat(Crc32c.of(buffer)).isEqualTo(expected);
        assertThat(buffer.remaining()).isEqualTo(bytes.length);
        var rope = ByteString.copyFrom(bytes, 0, 5_000).concat(ByteString.copyFrom(bytes, 5_000, 5_000));
        assertThat(Crc32c.of(rope)).isEqualTo(expected);
    }

    @Test
    void lengthsBeyondAnIntCount() {
        // Four gibibytes of zeros, in two steps and in one.
        int first = Crc32c.of(new byte[] {1, 2, 3});
        int half = Crc32c.combine(first, 0, 1L << 31);
        assertThat(Crc32c.combine(half, 0, 1L << 31)).isEqualTo(Crc32c.combine(first, 0, 1L << 32));
    }
}
