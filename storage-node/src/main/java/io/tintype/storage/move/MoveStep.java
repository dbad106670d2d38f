// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import com.google.protobuf.MessageLite;
import io.tintype.proto.internal.v1.ActivateUser;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.DropUser;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.ReleaseUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UnfreezeUser;
import io.tintype.storage.blob.MoveRule;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.RecordType;
import java.time.Duration;
import java.util.Set;

/**
 * What a shard does about a user, given its own record of him and what the directory says. Pure: production and simulator
 * run it alike.
 *
 * <p>The directory's answer may be old; each step is one that is right for whatever is true by now, because generations only
 * rise and every record names its move.
 */
public sealed interface MoveStep {
    /** A user is not left frozen for longer than this, unless the directory cannot be asked. */
    Duration FROZEN_LIMIT = Duration.ofSeconds(2);

    /** There is nothing to do, or somebody else has to do it. */
    record Nothing() implements MoveStep {}

    /** A record is to be appended here. */
    record Append(RecordType type, MessageLite payload) implements MoveStep {}

    /** The user is to be copied here. */
    record Pull(long generation, long move, int from) implements MoveStep {}

    /** The user is to be removed here. */
    record Erase(long generation) implements MoveStep {}

    /** The directory is to be asked to make a move final. */
    record Commit(long move) implements MoveStep {}

    /** The directory is to be asked to give a move up. */
    record Abort(long move, MoveEnd why) implements MoveStep {}

    /**
     * Decides.
     *
     * @param self the shard
     * @param here its record of the user; the default one where there is none
     * @param entry what the directory said
     * @param askedAt the last record that had taken effect here when the directory was asked
     * @param frozenForMs for how long he has been frozen, if he is
     * @param usersLimit users the shard takes at most
     * @param rules all of them, but in tests
     */
    static MoveStep next(
            int self,
            StoredUser here,
            DirectoryEntry entry,
            LogPosition askedAt,
            long frozenForMs,
            int usersLimit,
            Set<MoveRule> rules) {
        if (entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED) {
            return isBefore(here, entry.getGeneration()) ? new Erase(entry.getGeneration()) : new Nothing();
        }
        return switch (here.getState()) {
            case OWNERSHIP_STATE_FROZEN -> leave(self, here, entry, frozenForMs, rules);
            case OWNERSHIP_STATE_IMPORTING, OWNERSHIP_STATE_READY ->
                arrive(self, here, entry, askedAt, usersLimit, rules);
            case OWNERSHIP_STATE_UNSPECIFIED, OWNERSHIP_STATE_GONE, OWNERSHIP_STATE_REFUSED ->
                comesHere(self, entry) && entry.getMove() > here.getMove()
                        ? begin(entry, askedAt, usersLimit)
                        : new Nothing();
            case OWNERSHIP_STATE_ACTIVE, OWNERSHIP_STATE_ERASED, UNRECOGNIZED -> new Nothing();
        };
    }

    /** Whether the shard has something of a user from before he was erased. */
    private static boolean isBefore(StoredUser here, long erased) {
        return switch (here.getState()) {
            case OWNERSHIP_STATE_UNSPECIFIED, UNRECOGNIZED -> false;
            case OWNERSHIP_STATE_ERASED -> here.getGeneration() <= erased;
            default -> Math.max(here.getGeneration(), here.getMove()) < erased;
        };
    }

    private static MoveStep leave(
            int self, StoredUser here, DirectoryEntry entry, long frozenForMs, Set<MoveRule> rules) {
        long move = here.getMove();
        boolean mine = entry.getHome() == self;
        if (isMoving(entry) && entry.getMove() == move) {
            return frozenForMs > FROZEN_LIMIT.toMillis()
                    ? new Abort(move, MoveEnd.MOVE_END_FROZEN_TOO_LONG)
                    : new Nothing();
        }
        if (mine && (entry.getGeneration() > move || !rules.contains(MoveRule.UNFREEZE_NEEDS_NEWER))) {
            return new Append(
                    RecordType.USER_UNFREEZE,
                    UnfreezeUser.newBuilder()
                            .setMove(move)
                            .setGeneration(entry.getGeneration())
                            .build());
        }
        if (!mine && entry.getGeneration() >= move) {
            return new Append(
                    RecordType.USER_RELEASE,
                    ReleaseUser.newBuilder()
                            .setMove(move)
                            .setGeneration(entry.getGeneration())
                            .setTo(entry.getHome())
                            .build());
        }
        return new Nothing(); // an answer from before the move
    }

    private static MoveStep arrive(
            int self, StoredUser here, DirectoryEntry entry, LogPosition askedAt, int usersLimit, Set<MoveRule> rules) {
        long move = here.getMove();
        boolean ready = isReady(here);
        if (comesHere(self, entry) && entry.getMove() == move) {
            if (!ready) {
                return new Pull(here.getGeneration(), move, here.getOtherShard());
            }
            return rules.contains(MoveRule.ACTIVATE_AFTER_DIRECTORY) ? new Commit(move) : activate(move);
        }
        if (comesHere(self, entry) && entry.getMove() > move) {
            return begin(entry, askedAt, usersLimit);
        }
        if (entry.getGeneration() > move) {
            return new Append(
                    RecordType.USER_DROP,
                    DropUser.newBuilder()
                            .setMove(move)
                            .setGeneration(entry.getGeneration())
                            .setHome(entry.getHome())
                            .build());
        }
        boolean mine = !isMoving(entry) && entry.getHome() == self && entry.getGeneration() == move;
        return ready && mine ? activate(move) : new Nothing();
    }

    private static Append activate(long move) {
        return new Append(
                RecordType.USER_ACTIVATE,
                ActivateUser.newBuilder().setMove(move).build());
    }

    private static Append begin(DirectoryEntry entry, LogPosition askedAt, int usersLimit) {
        return new Append(
                RecordType.USER_IMPORT,
                ImportUser.newBuilder()
                        .setGeneration(entry.getGeneration())
                        .setMove(entry.getMove())
                        .setFrom(entry.getHome())
                        .setUsersLimit(usersLimit)
                        .setAskedEpoch(askedAt.epoch())
                        .setAskedSequence(askedAt.seq())
                        .build());
    }

    private static boolean comesHere(int self, DirectoryEntry entry) {
        return isMoving(entry) && entry.getTo() == self;
    }

    private static boolean isMoving(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING;
    }

    private static boolean isReady(StoredUser here) {
        return here.getState() == OwnershipState.OWNERSHIP_STATE_READY;
    }
}
