// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.cluster.config.Meaning;
import java.time.Duration;

/**
 * How much of a node moves of users may take. Immutable.
 *
 * @param bytesPerSecond most bytes a second that are copied to this node
 * @param atOnce most users that are being copied to this node at a time; others wait
 * @param keepFor for how long what a user left behind is kept in the region he lives in; in another one, no longer than need be
 */
public record MoveSettings(
        @Meaning("Most bytes a second that moves of users copy to this node.")
        long bytesPerSecond,

        @Meaning("Most users that are copied to this node at a time; others wait.")
        int atOnce,

        @Meaning("For how long what a user left behind is kept.")
        Duration keepFor) {
    /** Less, and what is under way at once would not come within the deadline of a fetch. */
    private static final long LEAST = 5L << 20;

    private static final int MOST_AT_ONCE = 8;

    /** For so long at least, whoever asks the old home is told the new one, and chunks are there for readers at them. */
    static final Duration SHORTEST_KEPT = Duration.ofMinutes(1);

    /** Little enough not to be noticed, and a day to look after it. */
    public static final MoveSettings DEFAULT = new MoveSettings(32L << 20, 4, Duration.ofHours(24));

    public MoveSettings {
        require(bytesPerSecond >= LEAST, "moves.bytesPerSecond is " + bytesPerSecond + "; give at least 5MiB");
        require(atOnce >= 1 && atOnce <= MOST_AT_ONCE, "moves.atOnce is " + atOnce + "; give 1 to " + MOST_AT_ONCE);
        require(
                keepFor.compareTo(SHORTEST_KEPT) >= 0,
                "moves.keepFor is " + keepFor + "; give at least " + SHORTEST_KEPT.toSeconds() + "s");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
