// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardReader;
import java.util.concurrent.CompletableFuture;

/**
 * This node's replica of one shard, as services see it. Thread-safe; nothing but {@link #reader} ever blocks.
 *
 * <p>All failures are {@link io.tintype.model.TintypeException}s, in the futures and never thrown. Futures complete on
 * threads of the shard: what hangs on them must be short and must not block.
 */
public interface ShardReplica {
    /** Which shard. */
    ShardId id();

    /** How the replica stands; a snapshot that is never older than the last future completed here. */
    ShardStatus status();

    /**
     * Appends a record to the shard's log, which only its primary can. The future completes once the record is fsynced
     * on every in-sync replica and applied here. A refusal that the record itself met (a condition that does not hold, a
     * user of another shard) is a normal {@link Committed#outcome}.
     *
     * <p>Fails with NOT_PRIMARY, NO_PRIMARY, NOT_ENOUGH_REPLICAS, OVERLOADED ({@link ShardLimits#PROPOSALS} or {@link
     * ShardLimits#PROPOSAL_BYTES} in flight), DISK_FULL, UNAVAILABLE, INVALID_ARGUMENT (more than a record holds):
     * nothing was done; or with OUTCOME_UNKNOWN: it may or may not have been, and repeating it under the same request id
     * settles it.
     *
     * @param emptied {@link #emptied} as it was before the first of the chunks that the record names, which are not to travel
     *     with it, was staged or looked for. Where it is another one by now, they may be gone: fails with UNAVAILABLE
     */
    CompletableFuture<Committed> propose(Proposal proposal, int emptied);

    /** Proposes a record that names no chunks but the one that travels with it. */
    default CompletableFuture<Committed> propose(Proposal proposal) {
        return propose(proposal, emptied());
    }

    /**
     * A mark of what is here: another one whenever all of it was replaced by a snapshot, and all that was staged was lost,
     * whoever led before and leads since.
     */
    int emptied();

    /**
     * Stages a chunk of an upload, which only the primary can. The future completes once the chunk is fsynced here and
     * has been taken by, or given up for, every in-sync follower; one that lacks it fetches it before it acknowledges
     * the record that names it. The chunk's checksum is the caller's to have verified.
     *
     * <p>Fails with NOT_PRIMARY, NO_PRIMARY, OVERLOADED ({@link ShardLimits#STAGING_BYTES} in flight on the node),
     * DISK_FULL, UNAVAILABLE, OUTCOME_UNKNOWN; staging the same chunk again is always right.
     */
    CompletableFuture<Void> stage(StagedBytes chunk);

    /**
     * Tells a watcher of every change of a head from now on, or from where an earlier watch of the same epoch broke off, as
     * long as this replica leads.
     *
     * @param lastEpoch the epoch of the earlier watch; 0: there was none
     * @param after the place in the log up to which it had been told
     * @return ends the watch
     * @throws io.tintype.model.TintypeException NOT_PRIMARY, NO_PRIMARY, or OVERLOADED ({@link ShardLimits#HEAD_WATCHERS})
     */
    Runnable watchHeads(HeadWatch watch, long lastEpoch, long after);

    /** Reads what is applied here. Blocks on the disk: for reader threads only. */
    ShardReader reader();

    /**
     * To be called, and waited for, before a value is read: the replica will do for this demand. Usually complete
     * already.
     *
     * <p>Fails with NOT_PRIMARY, NO_PRIMARY, FRESHNESS_UNPROVEN or UNAVAILABLE.
     */
    CompletableFuture<ReadPoint> begin(ReadDemand demand);

    /**
     * To be called, and waited for, after the value was read and before it is sent: only then is it proven to be as
     * fresh as demanded. Usually complete already.
     *
     * <p>Fails with NOT_PRIMARY, NO_PRIMARY or FRESHNESS_UNPROVEN: the value must not be sent as what was demanded.
     */
    CompletableFuture<Freshness> confirm(ReadPoint point);
}
