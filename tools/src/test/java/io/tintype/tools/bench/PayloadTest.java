// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PayloadTest {
    private final Payload payload = new Payload(7);

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 4096, 1_048_582, 1_048_583, 1_048_584, 5 << 20})
    void aPayloadIsRecognisedAsItself(int size) {
        var bytes = payload.bytes(3, 9, size);
        assertThat(bytes).hasSize(size);
        assertThat(payload.firstDifference(3, 9, size, bytes)).isEqualTo(-1);
        assertThat(payload.stampedVersion(3, bytes)).isEqualTo(size < 16 ? -1 : 9);
        assertThat(new Payload(7).bytes(3, 9, size)).isEqualTo(bytes);
    }

    @Test
    void anyChangedByteIsFoundWhereItIs() {
        int size = 3 << 20;
        long seed = 11;
        var random = new SplittableRandom(seed);
        var bytes = payload.bytes(1, 1, size);
        for (int i = 0; i < 200; i++) {
            int at = random.nextInt(size);
            bytes[at] ^= 1;
            assertThat(payload.firstDifference(1, 1, size, bytes))
                    .as("seed %d", seed)
                    .isEqualTo(at);
            bytes[at] ^= 1;
        }
    }

    @Test
    void swappedChunksAreFound() {
        int chunk = 1 << 20;
        var bytes = payload.bytes(1, 1, 3 * chunk);
        var swapped = Arrays.copyOf(bytes, bytes.length);
        System.arraycopy(bytes, chunk, swapped, 2 * chunk, chunk);
        System.arraycopy(bytes, 2 * chunk, swapped, chunk, chunk);
        assertThat(payload.firstDifference(1, 1, 3 * chunk, swapped)).isBetween(chunk, chunk + 16);
    }

    @Test
    void anotherKeyVersionSeedOrLengthIsNotTakenForIt() {
        int size = 1000;
        assertThat(payload.firstDifference(1, 1, size, payload.bytes(2, 1, size)))
                .isNotNegative();
        assertThat(payload.firstDifference(1, 1, size, payload.bytes(1, 2, size)))
                .isNotNegative();
        assertThat(payload.firstDifference(1, 1, size, new Payload(8).bytes(1, 1, size)))
                .isNotNegative();
        assertThat(payload.firstDifference(1, 1, size, payload.bytes(1, 1, size - 1)))
                .isEqualTo(size - 1);
        assertThat(payload.stampedVersion(2, payload.bytes(1, 1, size))).isEqualTo(-1);
    }
}
