// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Memory that is given out in blocks: no byte twice, none lost, none beyond the limit. */
final class ArenaTest {
    private static final int SLABS = 2;

    @Test
    void noByteIsGivenOutTwiceAndAllCanBeUsedAgain() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var arena = new Arena((long) SLABS * Arena.SLAB_BYTES);
        var owned = new BitSet();
        List<long[]> given = new ArrayList<>();
        int refused = 0;
        for (int step = 0; step < 20_000; step++) {
            if (!given.isEmpty() && random.nextInt(100) < 45) {
                var back = given.remove(random.nextInt(given.size()));
                mark(owned, back, false, seed);
                arena.free(back);
            } else {
                int bytes = 1 + random.nextInt(random.nextBoolean() ? 8_000 : Arena.MOST_BYTES);
                var blocks = arena.allocate(bytes);
                if (blocks == null) {
                    refused++;
                    assertThat(arena.capacity() - arena.usedBytes())
                            .as("seed " + seed)
                            .isLessThan(bytes + 4096);
                } else {
                    assertThat(Arrays.stream(blocks).map(Arena::bytesOf).sum())
                            .as("seed " + seed)
                            .isBetween((long) bytes, bytes + Math.max(4095L, bytes / 4));
                    mark(owned, blocks, true, seed);
                    given.add(blocks);
                }
            }
            assertThat(arena.usedBytes()).isEqualTo((long) owned.cardinality() * Arena.LEAST_BYTES);
        }
        assertThat(refused).as("seed %d filled it", seed).isPositive();
        given.forEach(arena::free);
        assertThat(arena.usedBytes()).isZero();
        for (int i = 0; i < arena.capacity() / Arena.MOST_BYTES; i++) {
            assertThat(arena.allocate(Arena.MOST_BYTES))
                    .as("joined again, seed " + seed)
                    .hasSize(1);
        }
        assertThat(arena.allocate(1)).isNull();
    }

    @Test
    void blocksAreMemoryOfTheirOwn() {
        var arena = new Arena(Arena.SLAB_BYTES);
        List<Long> blocks = new ArrayList<>();
        for (var got = arena.allocate(70_000); got != null; got = arena.allocate(70_000)) {
            Arrays.stream(got).forEach(blocks::add);
        }
        for (long block : blocks) {
            var buffer = arena.buffer(block);
            while (buffer.hasRemaining()) {
                buffer.putLong(block);
            }
        }
        for (long block : blocks) {
            var buffer = arena.buffer(block);
            while (buffer.hasRemaining()) {
                assertThat(buffer.getLong()).isEqualTo(block);
            }
        }
    }

    private static void mark(BitSet owned, long[] blocks, boolean taken, long seed) {
        for (long block : blocks) {
            int unit = (int) (block >>> 4);
            for (int i = unit; i < unit + Arena.bytesOf(block) / Arena.LEAST_BYTES; i++) {
                assertThat(owned.get(i)).as("unit %d, seed %d", i, seed).isEqualTo(!taken);
                owned.set(i, taken);
            }
        }
    }
}
