// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.List;

/**
 * How an epoch begins: once its primary's promise is durable and the grants it gave to earlier primaries are over, by a record
 * of its own, behind which everything counts that was committed before. Confined to the shard's loop.
 */
final class Opening {
    private final Context context;
    private final long epoch;

    /** False while it waits for its promise to be durable and its grants to be over. */
    private boolean opened;

    private long logEndAtElection = Long.MAX_VALUE;

    Opening(Context context, long epoch) {
        this.context = context;
        this.epoch = epoch;
    }

    boolean isOpen() {
        return opened;
    }

    /** Last record of earlier epochs; as high as can be before the epoch is open. */
    long logEndAtElection() {
        return logEndAtElection;
    }

    /** Whether everything that was committed in earlier epochs is applied. */
    boolean isApplied() {
        return context.journal.applied() > logEndAtElection || !context.keeps(Rule.SERVE_AFTER_EPOCH_START);
    }

    /**
     * Opens the epoch, if it may be.
     *
     * @param losses how often data of the shard was given up
     * @return whether it opened now
     */
    boolean attempt(int losses) {
        boolean grantOver = context.promises.grantIsOver(context.now().nanos())
                || !context.keeps(Rule.NEW_PRIMARY_WAITS_OUT_ITS_GRANT);
        if (opened || !context.promises.mayAnswer() || !grantOver) {
            return false;
        }
        opened = true;
        var journal = context.journal;
        logEndAtElection = journal.lastSeq();
        var previous = journal.shape().last();
        var start = new LogPosition(epoch, logEndAtElection + 1);
        journal.append(List.of(new EpochStart(epoch, start.seq())), start.seq());
        context.act(new ReplicaAction.AppendEpochStart(start, previous, losses));
        context.act(new ReplicaAction.BecamePrimary(epoch));
        return true;
    }
}
