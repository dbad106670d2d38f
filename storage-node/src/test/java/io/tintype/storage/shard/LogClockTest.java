// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.replica.Now;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class LogClockTest {
    private static final long HOUR = Duration.ofHours(1).toMillis();
    private static final long START = 1_700_000_000_000L;

    private final LogClock clock = new LogClock();
    private long last;

    /** A record made so long after the beginning, when the wall clock is so far off. */
    private long record(Duration after, long offMs) {
        var now = new Now(after.toNanos(), START + after.toMillis() + offMs);
        last = clock.next(last, now, Long.MAX_VALUE);
        clock.saw(last, now);
        return last - START;
    }

    @Test
    void itIsTheWallClockWhereThatIsWell() {
        assertThat(record(Duration.ZERO, 0)).isZero();
        assertThat(record(Duration.ofSeconds(10), 0)).isEqualTo(10_000);
        assertThat(record(Duration.ofHours(30), 0)).isEqualTo(30 * HOUR);
    }

    @Test
    void aWallClockThatIsSetForwardAgesNothingAtOnce() {
        record(Duration.ZERO, 0);
        assertThat(record(Duration.ofSeconds(10), 3 * HOUR)).isEqualTo(20_000);
        assertThat(record(Duration.ofMinutes(15), 3 * HOUR))
                .as("what is kept for twice the window is still there after one")
                .isLessThanOrEqualTo(Duration.ofMinutes(30).toMillis());
        assertThat(record(Duration.ofHours(4), 3 * HOUR))
                .as("in the end it is where the wall clock is")
                .isEqualTo(7 * HOUR);
    }

    @Test
    void itNeverRunsBackwards() {
        record(Duration.ofSeconds(10), 0);
        assertThat(record(Duration.ofSeconds(20), -3 * HOUR)).isEqualTo(10_000);
        assertThat(record(Duration.ofSeconds(30), 0)).as("and catches up").isEqualTo(30_000);
    }

    @Test
    void aNewPrimaryWhoseClockIsAheadGoesOnFromWhatItFollowed() {
        clock.saw(START, new Now(0, START + 3 * HOUR));
        last = START;
        assertThat(record(Duration.ofSeconds(5), 3 * HOUR)).isEqualTo(10_000);
    }

    /** It was away for a moment, or so it was for hours: only somebody else's clock can tell. */
    @Test
    void aProcessThatJustStartedGoesByTheClockThatIsBehind() {
        var heard = new Now(0, START + 3 * HOUR);
        var now = new Now(Duration.ofSeconds(5).toNanos(), START + 3 * HOUR + 5_000);
        var checked = ((Clock) () -> now).checkedBy(START, heard);

        assertThat(clock.next(START - 1_000, now, checked.latestMillis(now)))
                .as("its own is set forward")
                .isEqualTo(START + 5_000);
        var behind = new Now(now.nanos(), START - 3 * HOUR);
        assertThat(clock.next(START - 6 * HOUR, behind, checked.latestMillis(behind)))
                .as("its own is set back")
                .isEqualTo(START - 3 * HOUR);
        assertThat(clock.next(START + HOUR, now, checked.latestMillis(now)))
                .as("never backwards")
                .isEqualTo(START + HOUR);
    }

    @Test
    void whereNoOtherClockWasAskedItsOwnIsBelieved() {
        last = START;
        assertThat(record(Duration.ofSeconds(5), 3 * HOUR)).isEqualTo(3 * HOUR + 5_000);
    }
}
