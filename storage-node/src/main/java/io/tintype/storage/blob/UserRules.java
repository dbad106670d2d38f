// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogRecord;

/**
 * What records about users do, on their own shard and in the directory. Pure over the {@link Transaction} it is given.
 */
final class UserRules {
    private UserRules() {}

    /** Takes a user in if there is room; exact, because it is decided in log order. Claiming again changes nothing. */
    static Outcome claim(Transaction tx, LogRecord record, UserId user) {
        var claim = Stored.parse(ClaimUser.parser(), record.payload(), "USER_CLAIM");
        if (claim.getGeneration() < 0 || claim.getGeneration() > Version.MAX_GENERATION) {
            return new Outcome.Refused(
                    Reason.INVALID_ARGUMENT,
                    "generation " + claim.getGeneration() + " is over " + Version.MAX_GENERATION);
        }
        var owned = tx.user(user);
        if (owned.isPresent()) {
            var known = owned.get();
            if (claim.getGeneration() > known.getGeneration()) {
                // Versions must rise: a higher generation makes every number of its own higher than all before.
                tx.putUser(
                        user,
                        known.toBuilder().setGeneration(claim.getGeneration()).build());
                return new Outcome.Claimed(claim.getGeneration());
            }
            return new Outcome.Claimed(known.getGeneration());
        }
        if (tx.stats().users() >= Integer.toUnsignedLong(claim.getUsersLimit())) {
            return new Outcome.Refused(
                    Reason.SHARD_FULL,
                    "the shard holds " + tx.stats().users() + " users, which is its limit; the directory is to pick"
                            + " another shard");
        }
        tx.addUser(
                user,
                StoredUser.newBuilder()
                        .setState(OwnershipState.OWNERSHIP_STATE_ACTIVE)
                        .setGeneration(claim.getGeneration())
                        .build());
        return new Outcome.Claimed(claim.getGeneration());
    }

    /** Gives a user a quota of his own, or his pool's again. What he has beyond it stays. */
    static Outcome quota(Transaction tx, LogRecord record, UserId user) {
        var change = Stored.parse(ChangeUserQuota.parser(), record.payload(), "USER_QUOTA");
        var owned = tx.user(user);
        if (owned.isEmpty()) {
            return BlobRules.notHere(user);
        }
        var changed = owned.get().toBuilder().clearOwnQuota().clearQuotaBytes().clearQuotaBlobs();
        if (change.getOwn()) {
            changed.setOwnQuota(true).setQuotaBytes(change.getBytes()).setQuotaBlobs(change.getBlobs());
        }
        tx.putUser(user, changed.build());
        return new Outcome.Done();
    }

    /** Enters a user; of several who try, the first in the log wins, and all learn what he entered. */
    static Outcome create(Transaction tx, LogRecord record, UserId user) {
        var create = Stored.parse(DirectoryCreate.parser(), record.payload(), "DIR_CREATE");
        var known = tx.entry(user);
        if (known.isPresent()) {
            return new Outcome.Entry(known.get(), false);
        }
        var entry = DirectoryEntry.newBuilder()
                .setGeneration(1)
                .setHome(create.getHome())
                .setPool(create.getPool())
                .build();
        tx.putEntry(user, entry, true);
        return new Outcome.Entry(entry, true);
    }

    /** Gives a user another home, if his entry is still the one that turned out full. */
    static Outcome rehome(Transaction tx, LogRecord record, UserId user) {
        var rehome = Stored.parse(DirectoryRehome.parser(), record.payload(), "DIR_REHOME");
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return new Outcome.Refused(Reason.USER_NOT_FOUND, "the directory has no user '" + user + "'");
        }
        if (known.get().getGeneration() != rehome.getGeneration()) {
            return new Outcome.Entry(known.get(), false);
        }
        var entry = known.get().toBuilder()
                .setGeneration(rehome.getGeneration() + 1)
                .setHome(rehome.getHome())
                .build();
        tx.putEntry(user, entry, false);
        return new Outcome.Entry(entry, true);
    }
}
