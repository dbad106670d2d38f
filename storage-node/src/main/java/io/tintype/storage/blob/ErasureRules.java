// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.EraseUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogRecord;
import java.util.Set;

/** Removes users whom the directory says to be erased. Pure over the {@link Transaction} it is given. */
final class ErasureRules {
    private final Set<MoveRule> rules;

    ErasureRules(Set<MoveRule> rules) {
        this.rules = rules;
    }

    /**
     * Removes some of what there is of a user, and at last his record, whatever state he is in: an owner takes no changes from
     * here on, a copy of a move is none any more, what was left behind goes before its time. Of a later stay nothing is
     * touched: its generation is higher.
     *
     * <p>Where nothing is known of him, that he was forgotten is noted all the same: a claim by what the directory said before
     * finds no way in.
     */
    Outcome erase(Transaction tx, LogRecord record, UserId user) {
        var erase = Stored.payload(EraseUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        boolean later = known.getState() == OwnershipState.OWNERSHIP_STATE_ERASED
                ? known.getGeneration() > erase.getGeneration()
                : Math.max(known.getGeneration(), known.getMove()) >= erase.getGeneration();
        if (later && rules.contains(MoveRule.ERASE_NAMES_GENERATION)) {
            return DepartureRules.otherMove("USER_ERASE", erase.getGeneration(), known);
        }
        leave(tx, user, known);
        tx.forgetOutcomes(user, record.logTimeMs());
        var usage = known.toBuilder();
        // Nobody may read them any more: their chunks may go at once.
        int gone = tx.heads(user, erase.getLimit()).entrySet().stream()
                .mapToInt(head -> {
                    tx.removeHead(user, head.getKey(), head.getValue(), usage, record.logTimeMs());
                    return 1;
                })
                .sum();
        if (gone < erase.getLimit()) {
            tx.markMoving(user, false);
            if (rules.contains(MoveRule.ERASE_CLOSES_THE_DOOR)) {
                tx.forgetUser(user, record.position());
            } else {
                tx.forgetUser(user, tx.forgotAt());
            }
            return new Outcome.Moved(record.position(), StoredUser.getDefaultInstance());
        }
        var erased = usage.setState(OwnershipState.OWNERSHIP_STATE_ERASED)
                .setGeneration(erase.getGeneration())
                .setSinceMs(
                        known.getState() == OwnershipState.OWNERSHIP_STATE_ERASED
                                ? known.getSinceMs()
                                : record.logTimeMs())
                .clearMove()
                .clearOtherShard()
                .build();
        tx.putUser(user, erased);
        tx.markMoving(user, true); // so that whoever leads the shard goes on with it
        return new Outcome.Moved(record.position(), erased);
    }

    /** He counts no more, and is listed nowhere. */
    private static void leave(Transaction tx, UserId user, StoredUser known) {
        switch (known.getState()) {
            case OWNERSHIP_STATE_ACTIVE, OWNERSHIP_STATE_FROZEN, OWNERSHIP_STATE_IMPORTING, OWNERSHIP_STATE_READY ->
                tx.countUsers(-1);
            case OWNERSHIP_STATE_GONE, OWNERSHIP_STATE_REFUSED -> tx.markGone(user, known, false);
            case OWNERSHIP_STATE_UNSPECIFIED, OWNERSHIP_STATE_ERASED, UNRECOGNIZED -> {}
        }
    }
}
