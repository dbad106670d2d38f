// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.storage.shard.ReplicaSample.Seen;
import org.junit.jupiter.api.Test;

final class ReplicaSampleTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long START = 1L << 20;

    private int measured;
    private long bytes = START;
    private long sequence = 1;
    private long taken;
    private long nanos = -SECOND; // the clock may begin anywhere

    private ReplicaSample after(ReplicaSample last) {
        nanos += SECOND;
        return next(last);
    }

    private ReplicaSample next(ReplicaSample last) {
        return ReplicaSample.next(last, new Seen(0, nanos, sequence, taken), () -> {
            measured++;
            return bytes;
        });
    }

    private ReplicaSample first() {
        return ReplicaSample.next(null, new Seen(0, nanos, sequence, taken), () -> bytes);
    }

    private ReplicaSample written(ReplicaSample from, int seconds, long bytesPerSecond) {
        var sample = from;
        for (int i = 0; i < seconds; i++) {
            bytes += bytesPerSecond;
            sequence++;
            sample = after(sample);
        }
        return sample;
    }

    @Test
    void sizesAreMeasuredSeldomAndLessSeldomWhereSomethingWasWritten() {
        var sample = first();
        for (int i = 0; i < ReplicaSample.IDLE_ROUNDS; i++) {
            sample = after(sample);
        }
        assertThat(measured).as("looks in a quarter of a minute without writes").isEqualTo(1);
        var unused = written(sample, ReplicaSample.IDLE_ROUNDS, 1_000);
        assertThat(measured).as("more looks in one with writes").isEqualTo(1 + 3);
    }

    @Test
    void aSteadyGrowthIsFoundAndCountedOnUntilTheNextMeasurement() {
        var sample = written(first(), 40, 10_000);
        assertThat(sample.growth()).isCloseTo(10_000, within(100.0));
        assertThat(sample.growingNanos()).as("since it began").isBetween(35 * SECOND, 40 * SECOND);
        assertThat(sample.bytesAt(nanos)).isEqualTo(bytes);
        assertThat(sample.bytesAt(nanos + 3 * SECOND)).isCloseTo(bytes + 30_000, within(300L));
    }

    @Test
    void aBurstThatIsOverIsForgottenAtTheNextLook() {
        var sample = written(first(), 40, 1_000_000);
        sample = written(sample, ReplicaSample.BUSY_ROUNDS, 1_000);
        assertThat(sample.growingNanos())
                .as("whatever it grows by now has only begun")
                .isLessThanOrEqualTo(ReplicaSample.BUSY_ROUNDS * SECOND);
    }

    @Test
    void whatStandsStillGrowsNoMore() {
        var sample = written(first(), 40, 10_000);
        for (int i = 0; i < 2 * ReplicaSample.IDLE_ROUNDS; i++) {
            sample = after(sample);
        }
        assertThat(sample.growth()).isZero();
        assertThat(sample.bytesAt(nanos + 100 * SECOND)).isEqualTo(bytes);
    }

    @Test
    void whatCameAsASnapshotIsNoGrowth() {
        var sample = first();
        taken = bytes = 100 * START;
        sample = written(sample, ReplicaSample.BUSY_ROUNDS, 0);
        assertThat(sample.growth()).isZero();
        assertThat(sample.bytesAt(nanos)).isEqualTo(bytes);
    }

    @Test
    void whatIsRemovedNeverMakesItLessThanNothing() {
        var sample = written(first(), 2 * ReplicaSample.BUSY_ROUNDS, -START / 10);
        assertThat(sample.growth()).isNegative();
        assertThat(sample.bytesAt(nanos + 1_000 * SECOND)).isZero();
    }
}
