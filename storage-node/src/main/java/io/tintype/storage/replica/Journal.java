// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.List;

/**
 * What this replica's log holds and how far it is durable, committed and applied.
 *
 * <p>Invariants: durably applied &le; applied &le; applying &le; committed &le; last; persisted &le; last. Confined to
 * the shard's loop.
 */
final class Journal {
    private LogShape shape;
    private long persisted;
    private long committed;
    private long applying;
    private long applied;
    private long durablyApplied;
    private boolean whole;

    /** A record whose fsync will make durable what had been applied when it was appended; 0: none is looked at. */
    private long probe;

    private long appliedAtProbe;

    Journal(LogShape shape, long applied, boolean whole) {
        this.shape = shape;
        this.whole = whole;
        this.persisted = shape.lastSeq();
        this.committed = applied;
        this.applying = applied;
        this.applied = applied;
        this.durablyApplied = applied;
    }

    /** False while a snapshot is being installed, whatever became of the process meanwhile: nothing here counts then. */
    boolean isWhole() {
        return whole;
    }

    LogShape shape() {
        return shape;
    }

    long lastSeq() {
        return shape.lastSeq();
    }

    long persisted() {
        return persisted;
    }

    long committed() {
        return committed;
    }

    long applied() {
        return applied;
    }

    /** Up to here, no crash undoes what was applied. */
    long durablyApplied() {
        return durablyApplied;
    }

    /** Records were handed to the disk queue. */
    void append(List<EpochStart> starts, long lastSeq) {
        shape = shape.appended(starts, lastSeq);
        if (probe == 0) {
            probe = lastSeq;
            appliedAtProbe = applied;
        }
    }

    /** Records behind {@code seq} are cut away. */
    void truncate(long seq) {
        shape = shape.truncatedTo(seq);
        persisted = Math.min(persisted, seq);
        committed = Math.min(committed, seq);
        if (probe > seq) {
            probe = 0;
        }
    }

    void trim(long firstSeq) {
        shape = shape.trimmedTo(Math.min(firstSeq, applied + 1));
    }

    /** The disk reports success up to a record; news of a record that was cut away since is none. */
    boolean persisted(LogPosition last) {
        if (last.seq() <= persisted || !shape.contains(last)) {
            return false;
        }
        persisted = last.seq();
        if (probe != 0 && probe <= persisted) {
            durablyApplied = Math.max(durablyApplied, appliedAtProbe);
            probe = 0;
        }
        return true;
    }

    /** Records up to here are committed; it never falls. */
    boolean commit(long seq) {
        if (seq <= committed) {
            return false;
        }
        committed = seq;
        return true;
    }

    /**
     * What may be applied now and was not asked for before: committed and durable here.
     *
     * @return 0: nothing new
     */
    long takeApplicable() {
        long upTo = Math.min(committed, persisted);
        if (upTo <= applying) {
            return 0;
        }
        applying = upTo;
        return upTo;
    }

    void applied(long seq) {
        applied = Math.max(applied, Math.min(seq, applying));
    }

    /** Everything is given up for a snapshot that is to come. */
    void beginInstall() {
        replace(LogShape.empty());
        whole = false;
    }

    /** Everything was replaced by a snapshot. */
    void replace(LogShape snapshot) {
        shape = snapshot;
        persisted = snapshot.lastSeq();
        committed = snapshot.lastSeq();
        applying = snapshot.lastSeq();
        applied = snapshot.lastSeq();
        durablyApplied = snapshot.lastSeq();
        probe = 0;
        whole = true;
    }

    /** For news of a log that is worse than what was applied already: only a snapshot helps. */
    long appliedOrApplying() {
        return applying;
    }
}
