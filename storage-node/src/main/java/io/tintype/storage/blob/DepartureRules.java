// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.PurgeUser;
import io.tintype.proto.internal.v1.ReleaseUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UnfreezeUser;
import io.tintype.storage.log.LogRecord;
import java.util.Set;

/**
 * The source's side of a move: ACTIVE, FROZEN, and GONE or ACTIVE again. Each record names its move exactly; one that comes
 * twice changes nothing, and one of another move is refused. Pure over the {@link Transaction} it is given.
 */
final class DepartureRules {
    private final Set<MoveRule> rules;

    DepartureRules(Set<MoveRule> rules) {
        this.rules = rules;
    }

    /** No more changes of the user from here on. */
    Outcome freeze(Transaction tx, LogRecord record, UserId user) {
        var freeze = Stored.payload(FreezeUser.parser(), record);
        var known = known(tx, user);
        if (isFrozen(known, freeze.getMove())) {
            return new Outcome.Moved(record.position(), known);
        }
        boolean exact = known.getGeneration() == freeze.getGeneration() && freeze.getMove() > freeze.getGeneration();
        if (known.getState() != OwnershipState.OWNERSHIP_STATE_ACTIVE
                || (!exact && rules.contains(MoveRule.FREEZE_NAMES_GENERATION))) {
            return otherMove("USER_FREEZE", freeze.getMove(), known);
        }
        var frozen = known.toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_FROZEN)
                .setMove(freeze.getMove())
                .setOtherShard(freeze.getTo())
                .setSinceMs(record.logTimeMs())
                .build();
        tx.putUser(user, frozen);
        tx.markMoving(user, true);
        return new Outcome.Moved(record.position(), frozen);
    }

    /** The user stays: under the directory's generation, which is higher than that of the move. */
    Outcome unfreeze(Transaction tx, LogRecord record, UserId user) {
        var unfreeze = Stored.payload(UnfreezeUser.parser(), record);
        var known = known(tx, user);
        boolean newer = unfreeze.getGeneration() > known.getMove() || !rules.contains(MoveRule.UNFREEZE_NEEDS_NEWER);
        if (!isFrozen(known, unfreeze.getMove()) || !newer) {
            return otherMove("USER_UNFREEZE", unfreeze.getMove(), known);
        }
        var active = known.toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_ACTIVE)
                .setGeneration(unfreeze.getGeneration())
                .clearMove()
                .clearOtherShard()
                .clearSinceMs()
                .build();
        tx.putUser(user, active);
        tx.markMoving(user, false);
        return new Outcome.Moved(record.position(), active);
    }

    /** The user lives elsewhere. What he had here stays, unread, until it is purged. */
    Outcome release(Transaction tx, LogRecord record, UserId user) {
        var release = Stored.payload(ReleaseUser.parser(), record);
        var known = known(tx, user);
        if (!isFrozen(known, release.getMove()) || release.getGeneration() < known.getMove()) {
            return otherMove("USER_RELEASE", release.getMove(), known);
        }
        return new Outcome.Moved(record.position(), gone(tx, record, user, known, release.getTo()));
    }

    /** Removes some of what was kept of a user, and at last the record that he was here. */
    Outcome purge(Transaction tx, LogRecord record, UserId user) {
        var purge = Stored.payload(PurgeUser.parser(), record);
        var known = known(tx, user);
        boolean over = known.getState() == OwnershipState.OWNERSHIP_STATE_GONE
                || known.getState() == OwnershipState.OWNERSHIP_STATE_REFUSED;
        if (!over || known.getMove() != purge.getMove()) {
            return otherMove("USER_PURGE", purge.getMove(), known);
        }
        boolean answered = known.getState() == OwnershipState.OWNERSHIP_STATE_GONE
                || purge.getGeneration() > known.getGeneration()
                || !rules.contains(MoveRule.REFUSAL_OUTLIVES_REHOMING);
        if (!answered) {
            return otherMove("USER_PURGE", purge.getMove(), known);
        }
        var usage = known.toBuilder();
        tx.heads(user, purge.getLimit())
                .forEach((name, head) -> tx.removeHead(user, name, head, usage, BlobRules.dueMs(record)));
        if (usage.getBlobs() == 0) {
            tx.markGone(user, known, false);
            tx.forgetUser(user, record.position());
            return new Outcome.Moved(record.position(), StoredUser.getDefaultInstance());
        }
        tx.putUser(user, usage.build());
        return new Outcome.Moved(record.position(), usage.build());
    }

    /** Makes a user one who is not here any more. */
    static StoredUser gone(Transaction tx, LogRecord record, UserId user, StoredUser known, int home) {
        var gone = known.toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_GONE)
                .setOtherShard(home)
                .setSinceMs(record.logTimeMs())
                .build();
        tx.putUser(user, gone);
        tx.countUsers(-1);
        tx.markMoving(user, false);
        tx.markGone(user, gone, true);
        return gone;
    }

    static StoredUser known(Transaction tx, UserId user) {
        return tx.user(user).orElse(StoredUser.getDefaultInstance());
    }

    /** Refuses a record of a move that is over, or not begun. */
    static Outcome.Refused otherMove(String what, long move, StoredUser known) {
        return new Outcome.Refused(
                Reason.MOVE_CONFLICT,
                what + " of move " + move + " does not fit a user of state " + known.getState() + ", generation "
                        + known.getGeneration() + ", move " + known.getMove());
    }

    private static boolean isFrozen(StoredUser known, long move) {
        return known.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN && known.getMove() == move;
    }
}
