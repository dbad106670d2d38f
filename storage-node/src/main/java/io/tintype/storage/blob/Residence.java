// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import java.util.Map;
import java.util.Optional;

/** Whom a shard may serve, by its own record of him. Pure. */
final class Residence {
    private Residence() {}

    /** Whether the shard is the user's home: what it has of him is what there is. */
    static boolean isHome(StoredUser user) {
        return user.getState() == OwnershipState.OWNERSHIP_STATE_ACTIVE
                || user.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN;
    }

    /** Why a user's change is refused; empty: it is taken. */
    static Optional<Outcome.Refused> changes(UserId user, Optional<StoredUser> here) {
        return here.map(known -> refusal(user, known, false)).orElseGet(() -> Optional.of(nowhere(user)));
    }

    /** Why a change by the user himself is refused that was not made before; empty: no operator has frozen him. */
    static Optional<Outcome.Refused> freeze(UserId user, StoredUser here) {
        return here.getHalted() ? Optional.of(halted(user)) : Optional.empty();
    }

    /**
     * Why a read of what stands here of a user is refused; empty: it is true, and as fresh as the replica is.
     *
     * @param stale the reader takes what was true when the user was frozen
     */
    static Optional<Outcome.Refused> reads(UserId user, StoredUser here, boolean stale) {
        return refusal(user, here, stale);
    }

    private static Optional<Outcome.Refused> refusal(UserId user, StoredUser here, boolean frozenWillDo) {
        return switch (here.getState()) {
            case OWNERSHIP_STATE_ACTIVE -> Optional.empty();
            case OWNERSHIP_STATE_ERASED -> Optional.of(erased(user));
            case OWNERSHIP_STATE_FROZEN -> frozenWillDo ? Optional.empty() : Optional.of(moving(user));
            case OWNERSHIP_STATE_READY -> Optional.of(moving(user));
            case OWNERSHIP_STATE_IMPORTING, OWNERSHIP_STATE_GONE -> Optional.of(elsewhere(user, here.getOtherShard()));
            case OWNERSHIP_STATE_REFUSED, OWNERSHIP_STATE_UNSPECIFIED, UNRECOGNIZED -> Optional.of(nowhere(user));
        };
    }

    private static Outcome.Refused nowhere(UserId user) {
        return new Outcome.Refused(
                Reason.WRONG_SHARD, "this shard does not own user '" + user + "'; look up his shard and ask there");
    }

    private static Outcome.Refused erased(UserId user) {
        return new Outcome.Refused(Reason.USER_ERASED, "user '" + user + "' is being erased");
    }

    private static Outcome.Refused halted(UserId user) {
        return new Outcome.Refused(
                Reason.USER_FROZEN,
                "user '" + user
                        + "' is frozen by an operator: he can be read, and nothing of his can be changed until he"
                        + " is unfrozen (tintype user unfreeze)");
    }

    private static Outcome.Refused moving(UserId user) {
        return new Outcome.Refused(
                Reason.USER_MOVING,
                "user '" + user + "' is on his way to another shard, which takes a moment; try again");
    }

    static Outcome.Refused elsewhere(UserId user, int shard) {
        return new Outcome.Refused(
                Reason.WRONG_SHARD,
                "user '" + user + "' does not live here but on shard " + shard,
                Map.of(TintypeException.SHARD, Integer.toString(shard)));
    }
}
