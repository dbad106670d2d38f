// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.ReadPermit;
import io.tintype.storage.replica.ShardConfig;
import org.jspecify.annotations.Nullable;

/**
 * What a shard's loop lets other threads know. Written by the loop alone, each field by itself.
 *
 * <p>{@link #permit} is written after every step, before the step's actions are carried out.
 */
final class Board {
    volatile ShardStatus status;
    volatile ReadPermit permit = ReadPermit.NONE;

    /** The epoch in which this replica leads and has applied all that was ever acknowledged; 0: it does not. */
    volatile long servingEpoch;

    /** The epoch in which this replica leads; 0: it does not. */
    volatile long leadingEpoch;

    /** False while a snapshot is being installed: there is nothing then that could be read, staged or collected. */
    volatile boolean whole;

    /**
     * Counts how often what is here was taken away, for a snapshot or for good, and how often a snapshot took its place. What
     * was found here under one count may be gone under another.
     */
    volatile int emptied;

    /** Whether it leads and somebody could take over from it. */
    volatile boolean canHandOver;

    /** Whether it leads and somebody whose disk has room could take over from it. */
    volatile boolean canGiveRoom;

    /** Where uploads find room, as last heard; null unless it leads. */
    volatile UploadRoom.@Nullable Seen room;

    /** The configuration it goes by. */
    volatile @Nullable ShardConfig config;

    /** Records that the follower furthest behind has not been sent. */
    volatile long behind;

    /** What the pool allows its users, as last told. */
    volatile ShardRules rules;

    Board(ShardStatus first, boolean whole) {
        this.rules = first.rules();
        this.status = first;
        this.whole = whole;
    }

    /** There is nothing to read from here on. Loop only. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void takeAway() {
        whole = false;
        emptied++;
    }

    /** What a snapshot brought is here. Counted too, for who still saw what it replaces after {@link #takeAway}. Loop only. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void replaced() {
        emptied++;
        whole = true;
    }
}
