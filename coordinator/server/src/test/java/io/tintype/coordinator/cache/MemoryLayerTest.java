// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Images in memory: bounded, never overwritten while being sent, and not washed out by a scan. */
final class MemoryLayerTest {
    private static final int LENGTH = 60_000;

    private final MemoryLayer memory = new MemoryLayer(Arena.SLAB_BYTES);

    @Test
    void whatIsKeptIsYieldedByteForByte() {
        for (int length : new int[] {1, 4095, 4096, 4097, 200_001, PieceKey.BYTES}) {
            memory.offer(Pieces.key(length), Pieces.piece(length, length));
            var found = Objects.requireNonNull(memory.find(Pieces.key(length)));
            assertThat(Pieces.read(found)).isEqualTo(Pieces.bytes(length, length));
            assertThat(found.isSound()).isTrue();
            int middle = length / 2;
            assertThat(Pieces.read(found, middle, length))
                    .isEqualTo(Arrays.copyOfRange(Pieces.bytes(length, length), middle, length));
            assertThat(found.bytes().toByteArray()).isEqualTo(Pieces.bytes(length, length));
            assertThat(found.buffers(0, length))
                    .as("can be sent from without a copy, and not be written to")
                    .allMatch(buffer -> buffer.isDirect() && buffer.isReadOnly());
            found.release();
        }
    }

    @Test
    void aCopyThatCannotBeMadeTakesNoMemory() {
        var broken = new Arena(Arena.SLAB_BYTES) {
            @Override
            synchronized ByteBuffer buffer(long block) {
                throw new OutOfMemoryError("on purpose");
            }
        };
        assertThatThrownBy(() -> Pieces.piece(1, LENGTH).copyTo(broken)).isInstanceOf(OutOfMemoryError.class);
        assertThat(broken.usedBytes()).isZero();
    }

    @Test
    void whatCannotBeEnteredTakesNoMemory() {
        var broken = new MemoryLayer(new Arena(Arena.SLAB_BYTES), (key, piece) -> {
            throw new OutOfMemoryError("on purpose");
        });
        assertThatThrownBy(() -> broken.offer(Pieces.key(1), Pieces.piece(1, LENGTH)))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(broken.heldBytes()).isZero();
    }

    @Test
    void itsMemoryIsBounded() {
        for (int i = 0; i < 2_000; i++) {
            memory.offer(Pieces.key(i), Pieces.piece(i, LENGTH));
            assertThat(memory.heldBytes()).isLessThanOrEqualTo(Arena.SLAB_BYTES);
        }
        assertThat(memory.evictions()).isGreaterThan(1_000);
        memory.close();
        assertThat(memory.heldBytes()).isZero();
    }

    @Test
    void bytesBeingSentAreNotUsedForOthersThoughTheyArePushedOut() {
        memory.offer(Pieces.key(1), Pieces.piece(1, LENGTH));
        var sending = Objects.requireNonNull(memory.find(Pieces.key(1)));
        memory.drop(Pieces.key(1));
        for (int i = 2; i < 2_000; i++) {
            memory.offer(Pieces.key(i), Pieces.piece(i, LENGTH));
        }
        assertThat(Pieces.read(sending)).isEqualTo(Pieces.bytes(1, LENGTH));
        sending.release();
        assertThatThrownBy(sending::release).hasMessageContaining("released twice");
    }

    @Test
    void whenAllMemoryIsBeingSentNothingMoreIsKept() {
        List<Piece> sending = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            memory.offer(Pieces.key(i), Pieces.piece(i, LENGTH));
            var found = memory.find(Pieces.key(i));
            if (found != null) {
                sending.add(found);
            }
        }
        assertThat(memory.heldBytes()).isLessThanOrEqualTo(Arena.SLAB_BYTES).isGreaterThan(Arena.SLAB_BYTES * 9L / 10);
        sending.forEach(Piece::release);
        memory.close();
        assertThat(memory.heldBytes()).isZero();
    }

    @Test
    void oneScanDoesNotWashOutWhatIsAskedForOften() {
        int hot = 100;
        for (int i = 20_000; i < 20_500; i++) {
            ask(i); // a cache in use is full
        }
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < hot; i++) {
                ask(i);
            }
        }
        for (int i = 10_000; i < 15_000; i++) {
            ask(i);
        }
        int still = 0;
        for (int i = 0; i < hot; i++) {
            still += memory.contains(Pieces.key(i)) ? 1 : 0;
        }
        assertThat(still).as("of %d hot pieces after a scan of 5,000", hot).isGreaterThan(85);
    }

    private void ask(int number) {
        var found = memory.find(Pieces.key(number));
        if (found == null) {
            memory.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
        } else {
            found.release();
        }
    }

    @Test
    void manyThreadsNeverReadOthersBytes() throws Exception {
        var threads = Executors.newFixedThreadPool(4);
        var wrong = new AtomicInteger();
        List<Future<Integer>> all = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            Callable<Integer> work = () -> {
                var random = RandomGenerator.of("L64X128MixRandom");
                int hits = 0;
                for (int i = 0; i < 5_000; i++) {
                    int number = random.nextInt(500);
                    var found = memory.find(Pieces.key(number));
                    if (found == null) {
                        memory.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
                    } else {
                        hits++;
                        boolean right = found.isSound()
                                && found.crc() == Pieces.piece(number, LENGTH).crc();
                        wrong.addAndGet(right ? 0 : 1);
                        found.release();
                    }
                }
                return hits;
            };
            all.add(threads.submit(work));
        }
        int hits = 0;
        for (var one : all) {
            hits += one.get(60, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertThat(wrong).hasValue(0);
        assertThat(hits).isPositive();
    }
}
