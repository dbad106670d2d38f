// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.ReplicaAction;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what is to be written, dropped and applied, and holds the records of the message that the core is looking at.
 * Confined to the shard's loop.
 */
final class RecordActions {
    private final DiskActions disk;
    private final Applier applier;
    private final ProposalBook proposals;
    private final Standing standing;
    private final ShardMetrics metrics;
    private @Nullable ReceivedBatch received;

    RecordActions(DiskActions disk, Applier applier, ProposalBook proposals, Standing standing, ShardMetrics metrics) {
        this.disk = disk;
        this.applier = applier;
        this.proposals = proposals;
        this.standing = standing;
        this.metrics = metrics;
    }

    /** The core is told of these records next. */
    void received(ReceivedBatch batch) {
        received = batch;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof ReplicaAction.AppendProposals append) {
            disk.append(append, proposals.append(append));
        } else if (action instanceof ReplicaAction.AcceptAppend) {
            var batch = received;
            if (batch == null) {
                throw new IllegalStateException("records are to be accepted, and none came");
            }
            disk.append(batch);
            taken();
        } else if (action instanceof ReplicaAction.ApplyUpTo apply) {
            var cached = disk.cached(applier.submitted() + 1, apply.seq());
            applier.submit(new Applier.Committable(
                    apply.seq(), cached, proposals.takeCommitted(apply.seq()), standing.inSync()));
        } else if (action instanceof ReplicaAction.PersistPromise promise) {
            disk.promise(promise.epoch());
        } else if (action instanceof ReplicaAction.AppendEpochStart start) {
            standing.opens(start.at().seq());
            disk.append(start);
        } else if (action instanceof ReplicaAction.TrimLog trim) {
            metrics.trimmed(disk.trim(trim));
        } else {
            return false;
        }
        return true;
    }

    /** Whoever sent the records may send more; they are in the disk's queue, or were not wanted. */
    void taken() {
        var batch = received;
        received = null;
        if (batch != null) {
            batch.taken().run();
        }
    }
}
