// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class FreshnessTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Freshness freshness = new Freshness();

    private static Now at(long seconds, long suspendedSeconds) {
        return new Now(seconds * SECOND, 1_000 * (seconds + suspendedSeconds));
    }

    private static Beat beat(long committed) {
        return new Beat(1, committed, committed, true, 0, false);
    }

    @Test
    void aStateIsAsOldAsTheNewestBeatWhoseRecordsItShows() {
        assertThat(freshness.ageNanos(at(5, 0))).isEmpty();
        freshness.beat(beat(3), at(4, 0), 3, at(5, 0));
        assertThat(freshness.ageNanos(at(6, 0))).hasValue(2 * SECOND);
        freshness.beat(beat(9), at(6, 0), 3, at(7, 0));
        assertThat(freshness.ageNanos(at(8, 0))).as("it lacks records").hasValue(4 * SECOND);
        freshness.applied(9);
        assertThat(freshness.ageNanos(at(8, 0))).hasValue(2 * SECOND);
    }

    @Test
    void howOldAStateIsIsNotKnownAfterAMachineWasSuspended() {
        freshness.beat(beat(3), at(4, 0), 3, at(5, 0));
        assertThat(freshness.ageNanos(at(6, 600))).isEmpty();
        freshness.beat(beat(3), at(6, 600), 3, at(7, 600));
        assertThat(freshness.ageNanos(at(8, 600))).as("a beat since then").hasValue(2 * SECOND);
    }

    @Test
    void norIfABeatOfBeforeIsHeardOnlyThen() {
        freshness.beat(beat(3), at(4, 0), 3, at(5, 600));
        assertThat(freshness.ageNanos(at(6, 600))).isEmpty();
    }

    @Test
    void norIfRecordsOfBeforeAreAppliedOnlyThen() {
        freshness.beat(beat(9), at(4, 0), 3, at(5, 0));
        freshness.applied(9);
        assertThat(freshness.ageNanos(at(6, 600))).isEmpty();
    }

    @Test
    void whatWaitsSinceBeforeASuspensionGivesWayToABeatOfAfterwards() {
        freshness.beat(beat(9), at(4, 0), 3, at(5, 0));
        freshness.beat(beat(10), at(6, 600), 3, at(7, 600));
        freshness.applied(10);
        assertThat(freshness.ageNanos(at(8, 600))).hasValue(2 * SECOND);
    }
}
