// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.HaltUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogRecord;
import java.util.Set;

/** Takes users in who have no other home. Pure over the {@link Transaction} it is given. */
final class UserRules {
    private final Set<MoveRule> rules;

    UserRules(Set<MoveRule> rules) {
        this.rules = rules;
    }

    /**
     * Takes a user in if there is room; exact, because it is decided in log order. Claiming again changes nothing, but for
     * the generation, which follows the directory's: a move that was given up took one.
     *
     * <p>A refusal is kept: the directory gives the user another home because of it, and a later claim under the old
     * generation, which may have been under way all the time, must not make a second owner.
     */
    Outcome claim(Transaction tx, LogRecord record, UserId user) {
        var claim = Stored.payload(ClaimUser.parser(), record);
        long generation = claim.getGeneration();
        if (generation < 0 || generation > Version.MAX_GENERATION) {
            return new Outcome.Refused(
                    Reason.INVALID_ARGUMENT, "generation " + generation + " is over " + Version.MAX_GENERATION);
        }
        var known = tx.user(user).orElse(StoredUser.getDefaultInstance());
        return switch (known.getState()) {
            case OWNERSHIP_STATE_ACTIVE -> {
                if (generation > known.getGeneration()) {
                    // Versions must rise: a higher generation makes every number of its own higher than all before.
                    tx.putUser(user, known.toBuilder().setGeneration(generation).build());
                }
                yield new Outcome.Claimed(Math.max(generation, known.getGeneration()));
            }
            case OWNERSHIP_STATE_UNSPECIFIED -> enter(tx, record, user, known, claim);
            case OWNERSHIP_STATE_REFUSED ->
                generation > known.getGeneration() || !rules.contains(MoveRule.NO_CLAIM_AFTER_REFUSAL)
                        ? enter(tx, record, user, known, claim)
                        : full(tx);
            case OWNERSHIP_STATE_GONE,
                    OWNERSHIP_STATE_FROZEN,
                    OWNERSHIP_STATE_IMPORTING,
                    OWNERSHIP_STATE_READY,
                    OWNERSHIP_STATE_ERASED -> {
                boolean gone = known.getState() == OwnershipState.OWNERSHIP_STATE_GONE;
                yield gone && !rules.contains(MoveRule.NO_CLAIM_OVER_GONE)
                        ? enter(tx, record, user, known, claim)
                        : Residence.changes(user, tx.user(user)).orElseThrow();
            }
            case UNRECOGNIZED -> throw Stored.corrupt("user " + user, new IllegalStateException("unknown state"));
        };
    }

    private Outcome enter(Transaction tx, LogRecord record, UserId user, StoredUser known, ClaimUser claim) {
        if (isOld(tx, claim.getAskedEpoch(), claim.getAskedSequence(), rules)) {
            return old(user);
        }
        if (known.getSinceMs() != 0) {
            tx.markGone(user, known, false);
        }
        boolean full = tx.stats().users() >= Integer.toUnsignedLong(claim.getUsersLimit());
        var stored = known.toBuilder().setGeneration(claim.getGeneration());
        if (full) {
            var refused = stored.setState(OwnershipState.OWNERSHIP_STATE_REFUSED)
                    .setSinceMs(record.logTimeMs())
                    .build();
            tx.putUser(user, refused);
            tx.markGone(user, refused, true);
            return full(tx);
        }
        tx.putUser(
                user,
                stored.setState(OwnershipState.OWNERSHIP_STATE_ACTIVE)
                        .clearSinceMs()
                        .clearMove()
                        .clearOtherShard()
                        .build());
        tx.countUsers(1);
        return new Outcome.Claimed(claim.getGeneration());
    }

    /** Freezes a user, so that nothing of his is changed, or lets him go on; refused while he is on his way elsewhere. */
    static Outcome halt(Transaction tx, LogRecord record, UserId user) {
        var halt = Stored.payload(HaltUser.parser(), record);
        var owned = tx.user(user);
        var refusal = Residence.changes(user, owned);
        if (refusal.isPresent() || owned.isEmpty()) {
            return refusal.orElseThrow();
        }
        tx.putUser(user, owned.get().toBuilder().setHalted(halt.getHalted()).build());
        return new Outcome.Done();
    }

    /** Gives a user a quota of his own, or his pool's again. What he has beyond it stays. */
    static Outcome quota(Transaction tx, LogRecord record, UserId user) {
        var change = Stored.payload(ChangeUserQuota.parser(), record);
        var owned = tx.user(user);
        var refusal = Residence.changes(user, owned);
        if (refusal.isPresent() || owned.isEmpty()) {
            return refusal.orElseThrow();
        }
        var changed = owned.get().toBuilder().clearOwnQuota().clearQuotaBytes().clearQuotaBlobs();
        if (change.getOwn()) {
            changed.setOwnQuota(true).setQuotaBytes(change.getBytes()).setQuotaBlobs(change.getBlobs());
        }
        tx.putUser(user, changed.build());
        return new Outcome.Done();
    }

    /**
     * Whether the directory was asked before the shard last forgot somebody: whoever is let in by the answer may be he.
     */
    static boolean isOld(Transaction tx, long askedEpoch, long askedSequence, Set<MoveRule> rules) {
        return new LogPosition(askedEpoch, askedSequence).compareTo(tx.forgotAt()) < 0
                && rules.contains(MoveRule.NO_ENTRY_BY_OLD_ANSWER);
    }

    /** Refuses to let a user in by an answer that may be old. */
    static Outcome.Refused old(UserId user) {
        return new Outcome.Refused(
                Reason.UNAVAILABLE,
                "the shard has forgotten users since the directory was asked about '" + user
                        + "'; the directory is to be asked again");
    }

    static Outcome.Refused full(Transaction tx) {
        return new Outcome.Refused(
                Reason.SHARD_FULL,
                "the shard holds " + tx.stats().users() + " users, which is its limit; the directory is to pick"
                        + " another shard");
    }
}
