// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RestfulnessTest {
    private static final ReplicaEvent TICK = new ReplicaEvent.Tick();

    private final Restfulness restfulness = new Restfulness();

    private long tick;

    private long ticksOutOf(int times) {
        return IntStream.range(0, times).filter(i -> restfulness.isDue(tick++)).count();
    }

    private void tickedForNothing() {
        restfulness.took(TICK, 0, ReplicaState.FOLLOWER);
    }

    private static ReplicaEvent beat(boolean deaf) {
        return new ReplicaEvent.BeatReceived(new NodeId("other"), 1, new Beat(1, 1, 1, true, 0, deaf), null);
    }

    @Test
    void aShardAtRestIsTickedSeldom() {
        assertThat(ticksOutOf(10)).as("not at rest yet").isEqualTo(10);
        tickedForNothing();
        restfulness.took(beat(false), 0, ReplicaState.FOLLOWER);
        tickedForNothing();
        assertThat(ticksOutOf(50)).isEqualTo(10);
    }

    @Test
    void allShardsAtRestAreTickedAtTheSameTicks() {
        var other = new Restfulness();
        ticksOutOf(3);
        tickedForNothing();
        ticksOutOf(4);
        other.took(TICK, 0, ReplicaState.FOLLOWER);
        for (int i = 0; i < 50; i++) {
            assertThat(other.isDue(tick)).isEqualTo(restfulness.isDue(tick++));
        }
    }

    @Test
    void aShardThatHearsItsPrimaryIsTickedMoreSeldom() {
        tickedForNothing();
        long ticks = 0;
        for (int beat = 0; beat < 20; beat++) {
            restfulness.took(beat(false), 1, ReplicaState.FOLLOWER);
            ticks += ticksOutOf(Restfulness.TICKS_AT_REST);
        }
        assertThat(ticks).as("of a hundred").isEqualTo(5);
    }

    @Test
    void withinTwoHeartbeatsAfterThePrimaryFellSilentItIsTickedAgain() {
        for (int when = 1; when <= Restfulness.TICKS_HEARD; when++) {
            tickedForNothing();
            ticksOutOf(when);
            restfulness.took(beat(false), 1, ReplicaState.FOLLOWER);
            assertThat(ticksOutOf(2 * Restfulness.TICKS_AT_REST))
                    .as("after a beat behind tick %s", tick)
                    .isPositive();
        }
        ticksOutOf(2 * Restfulness.TICKS_AT_REST);
        restfulness.took(beat(false), 0, ReplicaState.FOLLOWER);
        assertThat(ticksOutOf(Restfulness.TICKS_AT_REST))
                .as("a beat that nobody answers is no sign of life")
                .isEqualTo(1);
    }

    @Test
    void aPrimaryWatchesItsMembersWhoeverElseBeats() {
        restfulness.took(TICK, 0, ReplicaState.PRIMARY);
        restfulness.took(beat(false), 1, ReplicaState.PRIMARY);
        assertThat(ticksOutOf(Restfulness.TICKS_AT_REST)).isEqualTo(1);
    }

    @Test
    void aPrimaryThatIsTickedWithItsBeatsIsSpared() {
        restfulness.took(TICK, 0, ReplicaState.PRIMARY);
        long ticks = 0;
        for (int beat = 0; beat < 20; beat++) {
            restfulness.took(TICK, 0, ReplicaState.PRIMARY);
            restfulness.tickedWithBeat();
            ticks += ticksOutOf(Restfulness.TICKS_AT_REST);
        }
        assertThat(ticks).as("of a hundred").isEqualTo(5);
        assertThat(ticksOutOf(4 * Restfulness.TICKS_AT_REST))
                .as("once it beats no more")
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void whateverElseHappensWakesIt() {
        for (var event : List.of(new ReplicaEvent.Propose(List.of(1L)), new ReplicaEvent.LeaveAsked(), beat(true))) {
            tickedForNothing();
            tickedForNothing();
            assertThat(ticksOutOf(10)).isEqualTo(2);
            restfulness.took(event, 0, ReplicaState.FOLLOWER);
            assertThat(ticksOutOf(10)).as("%s", event).isEqualTo(10);
        }
    }

    @Test
    void itDoesNotRestWhileThereIsSomethingToDoOrToWaitFor() {
        restfulness.took(TICK, 1, ReplicaState.PRIMARY);
        assertThat(ticksOutOf(10)).isEqualTo(10);
        restfulness.took(TICK, 0, ReplicaState.PRIMARY_ELECT);
        assertThat(ticksOutOf(10)).isEqualTo(10);
    }
}
