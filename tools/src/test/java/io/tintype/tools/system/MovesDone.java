// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.TintypeClient;
import java.time.Duration;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/**
 * Waits until users live where they were to be moved to. A machine that stands still while a user is frozen makes the source give
 * the move up; it is begun again then, as {@code user move} does. No other end will do.
 */
final class MovesDone {
    /** As many as {@code user move} makes. */
    private static final int TRIES = 10;

    private MovesDone() {}

    /**
     * A move that was done.
     *
     * @param end how it ended
     * @param more how many tries it took besides the first
     * @param begun since when the last try was under way, by {@link System#nanoTime}; of one that somebody else began: since when
     *     it was waited for
     */
    record Done(MoveInfo end, int more, long begun) {}

    /** Begins a move and waits until it is done; further tries go to the shard that was chosen for the first. */
    static Done move(TintypeClient client, String user, MoveTarget target, Duration patience) {
        long begun = System.nanoTime();
        var to = client.users()
                .moves()
                .begin(user, target)
                .toShard()
                .map(MoveTarget::shard)
                .orElse(target);
        return awaitDone(client, user, to, begun, () -> awaitEnd(client, user, patience));
    }

    /** Waits until a move that was begun is done. */
    static Done awaitDone(TintypeClient client, String user, MoveTarget target, Duration patience) {
        return awaitDone(client, user, target, () -> awaitEnd(client, user, patience));
    }

    /**
     * The same.
     *
     * @param awaitEnd waits until a try has ended, and tells how
     */
    static Done awaitDone(TintypeClient client, String user, MoveTarget target, Supplier<MoveInfo> awaitEnd) {
        return awaitDone(client, user, target, System.nanoTime(), awaitEnd);
    }

    private static Done awaitDone(
            TintypeClient client, String user, MoveTarget target, long firstBegun, Supplier<MoveInfo> awaitEnd) {
        long begun = firstBegun;
        for (int more = 0; ; more++) {
            var end = awaitEnd.get();
            if (end.result() != MoveInfo.Result.FROZEN_TOO_LONG || more + 1 == TRIES) {
                assertThat(end.result()).as("try %d: %s", more + 1, end).isEqualTo(MoveInfo.Result.DONE);
                return new Done(end, more, begun);
            }
            begun = System.nanoTime();
            client.users().moves().begin(user, target);
        }
    }

    /** Waits until a move is over, however it ends. */
    static MoveInfo awaitEnd(TintypeClient client, String user, Duration patience) {
        return Awaitility.await()
                .atMost(patience)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> client.users().moves().get(user), move -> !move.isUnderWay());
    }
}
