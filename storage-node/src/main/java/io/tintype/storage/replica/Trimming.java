// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * Cuts this replica's log off at the front: never records whose effect a crash could undo, never the last one, one cut
 * at a time. What may go beyond that is for the primary to say ({@link Retention}). Confined to the shard's loop.
 */
final class Trimming {
    private final Context context;
    private boolean underWay;

    Trimming(Context context) {
        this.context = context;
    }

    /** Nobody needs records up to this one from here. */
    void to(long seq) {
        var journal = context.journal;
        long kept =
                context.keeps(Rule.TRIM_ONLY_WHAT_IS_DURABLE) ? journal.durablyApplied() : journal.appliedOrApplying();
        long upTo = Math.min(seq, Math.min(kept, journal.lastSeq() - 1));
        long records = upTo + 1 - journal.shape().firstSeq();
        long step = context.keeps(Rule.TRIM_IN_STEPS) ? ReplicaLimits.TRIM_STEP_RECORDS : 1;
        if (!underWay && journal.isWhole() && records >= step) {
            underWay = true;
            context.act(new ReplicaAction.TrimLog(upTo));
        }
    }

    void trimmed(ReplicaEvent.LogTrimmed event) {
        underWay = false;
        context.journal.trim(event.firstSeq());
    }
}
