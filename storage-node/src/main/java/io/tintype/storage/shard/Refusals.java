// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.replica.ReplicaState;
import java.time.Duration;
import java.util.HashMap;

/** The failures that more than one part of a shard speaks of. Stateless. */
final class Refusals {
    private static final Duration ELECTION_TAKES = Duration.ofMillis(250);
    /** From the last read that a primary answers to the first one of the successor whom it names, who may be asked meanwhile. */
    private static final Duration HANDOVER_TAKES = Duration.ofMillis(20);

    private Refusals() {}

    /** This replica does not lead: NOT_PRIMARY where somebody else does as far as it knows, else NO_PRIMARY. */
    static TintypeException notLeading(ShardStatus status) {
        if (status.state() == ReplicaState.FAILED) {
            return new TintypeException(
                    Reason.UNAVAILABLE,
                    "the replica of shard " + status.id() + " here has failed: "
                            + status.failure().orElse("unknown cause"));
        }
        var primary = status.primary().orElse(null);
        if (status.leads()) {
            return new TintypeException(
                    Reason.NO_PRIMARY,
                    "shard " + status.id() + " is being handed over to another primary",
                    HANDOVER_TAKES);
        }
        if (status.state() == ReplicaState.PRIMARY_ELECT) {
            return new TintypeException(
                    Reason.NO_PRIMARY,
                    "the new primary of shard " + status.id() + " is about to begin",
                    HANDOVER_TAKES);
        }
        if (primary == null || status.state() == ReplicaState.PRE_ELECT) {
            return new TintypeException(
                    Reason.NO_PRIMARY,
                    "shard " + status.id() + " has no primary at the moment; one is being elected",
                    ELECTION_TAKES);
        }
        var details = new HashMap<String, String>();
        details.put(TintypeException.SHARD, status.id().toString());
        details.put(TintypeException.PRIMARY, primary.value());
        details.put(TintypeException.EPOCH, Long.toString(status.epoch()));
        return new TintypeException(
                Reason.NOT_PRIMARY, "shard " + status.id() + " is led by node " + primary + ", not here", details);
    }

    static TintypeException closing(ShardId shard) {
        return new TintypeException(Reason.UNAVAILABLE, "shard " + shard + " is being closed on this node");
    }

    static TintypeException unproven(ShardId shard, String why) {
        return new TintypeException(
                Reason.FRESHNESS_UNPROVEN,
                "shard " + shard + ": " + why + "; try again, another replica, or allow a staler answer",
                ELECTION_TAKES);
    }
}
