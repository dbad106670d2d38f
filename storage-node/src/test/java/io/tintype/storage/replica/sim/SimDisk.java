// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.LogShape;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * One replica's disk: what the process sees, what is durable, and the writes in between, in order. A crash keeps the
 * durable part and any prefix of the rest.
 */
final class SimDisk {
    /** One write: changes an image of the disk. */
    interface Write {
        void to(Image image);
    }

    /** What a disk holds. */
    static final class Image {
        final List<Rec> log = new ArrayList<>();
        long promise;
        long firstSeq = 1;

        /** What could be read once record {@code baseSeq} was applied; what follows is made from the log. */
        final TreeMap<Long, Long> base = new TreeMap<>();

        long baseSeq;

        /** Chunks that are here, waiting for their record or named by one; by the value of the record. */
        final BitSet chunks = new BitSet();

        /** The mark: a snapshot was begun, and is not whole yet. */
        boolean installing;

        void copy(Image from) {
            log.clear();
            log.addAll(from.log);
            promise = from.promise;
            firstSeq = from.firstSeq;
            base.clear();
            base.putAll(from.base);
            baseSeq = from.baseSeq;
            installing = from.installing;
            chunks.clear();
            chunks.or(from.chunks);
        }

        /** What can be read once so many records are applied. */
        Map<Long, Long> state(long applied) {
            var state = new TreeMap<>(base);
            for (long seq = baseSeq; seq < applied; seq++) {
                log.get((int) seq).applyTo(state);
            }
            return state;
        }

        void beginInstall() {
            log.clear();
            firstSeq = 1;
            base.clear();
            baseSeq = 0;
            chunks.clear();
            installing = true;
        }

        void endInstall(Snapshot snapshot) {
            log.clear();
            log.addAll(snapshot.log());
            firstSeq = snapshot.log().size() + 1L;
            baseSeq = snapshot.log().size();
            chunks.or(snapshot.chunks());
            installing = false;
        }

        /** Records are added behind {@code previousSeq}. */
        void append(long previousSeq, List<Rec> records) {
            if (log.size() != previousSeq) {
                throw new SimFailure("records behind " + previousSeq + " appended to a log of " + log.size());
            }
            log.addAll(records);
        }

        void truncate(long seq) {
            log.subList((int) seq, log.size()).clear();
            firstSeq = Math.min(firstSeq, seq + 1);
        }

        void trim(long upTo) {
            if (!installing) {
                firstSeq = Math.max(firstSeq, Math.min(upTo, log.size() - 1L) + 1);
            }
        }

        LogPosition last() {
            return log.isEmpty()
                    ? LogPosition.NONE
                    : new LogPosition(log.get(log.size() - 1).epoch(), log.size());
        }

        LogShape shape() {
            return shapeOf(log).trimmedTo(firstSeq);
        }

        /** The shape of a log that begins behind a snapshot. */
        static LogShape shapeAt(Snapshot snapshot) {
            return shapeOf(snapshot.log()).trimmedTo(snapshot.log().size() + 1L);
        }

        private static LogShape shapeOf(List<Rec> log) {
            var starts = new ArrayList<EpochStart>();
            for (int i = 0; i < log.size(); i++) {
                if (i == 0 || log.get(i).epoch() != log.get(i - 1).epoch()) {
                    starts.add(new EpochStart(log.get(i).epoch(), i + 1));
                }
            }
            return new LogShape(starts, 1, log.size());
        }
    }

    /**
     * What a primary sends of itself.
     *
     * @param log the records whose effect is in it; only the place of the last one is really sent
     * @param state what they made
     * @param chunks those they name
     */
    record Snapshot(List<Rec> log, Map<Long, Long> state, BitSet chunks) {
        LogPosition at() {
            return log.isEmpty()
                    ? LogPosition.NONE
                    : new LogPosition(log.get(log.size() - 1).epoch(), log.size());
        }
    }

    final long incarnation;
    final Image seen = new Image();
    final Image durable = new Image();
    private final List<Write> unsynced = new ArrayList<>();
    long applied;
    long durableApplied;

    /** What was applied when the installation under way began; negative: none is. */
    private long appliedBefore = -1;

    /** What is shown here was given up by an operator: any snapshot may take it away. */
    private boolean disowned;

    private boolean lossy;
    private long rotten;

    SimDisk(long incarnation) {
        this.incarnation = incarnation;
    }

    void write(Write write) {
        write.to(seen);
        unsynced.add(write);
    }

    /** Whether an fsync failed: what is durable is less than the process may believe. */
    boolean isLossy() {
        return lossy;
    }

    /** A record on the disk is not what was written there; whoever reads it will notice. */
    void rot(RandomGenerator random) {
        if (durable.log.size() >= durable.firstSeq) {
            rotten = random.nextLong(durable.firstSeq, durable.log.size() + 1L);
        }
    }

    boolean isRotten() {
        return rotten != 0;
    }

    /** Whether reading these records would show the damage. */
    boolean isRotten(long after, long upTo) {
        return rotten > after && rotten <= upTo;
    }

    /** It could be read after all. */
    void recovered() {
        rotten = 0;
    }

    int unsynced() {
        return unsynced.size();
    }

    /**
     * The first so many writes are durable now, unless the disk lost some before.
     *
     * @return whether anything that was durable before is gone
     */
    boolean synced(int count, long appliedThen) {
        boolean shorter = false;
        int before = durable.log.size();
        for (var write : unsynced.subList(0, count)) {
            if (!lossy) {
                write.to(durable);
                shorter |= durable.log.size() < before;
                before = durable.log.size();
            }
        }
        unsynced.subList(0, count).clear();
        if (durable.installing) {
            durableApplied = 0;
        } else {
            durableApplied =
                    Math.max(durableApplied, Math.max(durable.baseSeq, Math.min(appliedThen, durable.log.size())));
        }
        return shorter;
    }

    /** Records behind this one were given up by an operator. */
    void lost(long last) {
        disowned = applied > last;
    }

    /** An installation begins, in memory; what the disk is told is for the caller. */
    void beginInstall() {
        appliedBefore = Math.max(appliedBefore, applied);
        applied = 0;
    }

    /** The installation is over, durably. */
    void endInstall() {
        if (seen.baseSeq < appliedBefore && !disowned) {
            throw new SimFailure("a snapshot of record " + seen.baseSeq + " replaces what showed " + appliedBefore);
        }
        disowned = false;
        applied = seen.baseSeq;
        appliedBefore = -1;
    }

    /** What can be read here. */
    Map<Long, Long> state() {
        return seen.state(applied);
    }

    /** The process died: some of the unsynced writes are there, in order, the others are not. */
    void crash(RandomGenerator random) {
        synced(unsynced.isEmpty() ? 0 : random.nextInt(unsynced.size() + 1), 0);
        unsynced.clear();
        lossy = false;
        seen.copy(durable);
        if (!durable.installing && appliedBefore >= 0) {
            applied = Math.max(appliedBefore, durable.baseSeq); // begun or ended in memory only
        }
        appliedBefore = -1;
        if (durable.installing) {
            applied = 0;
            durableApplied = 0;
        }
        long newest = Math.min(applied, durable.log.size());
        applied = durableApplied >= newest ? newest : random.nextLong(durableApplied, newest + 1);
        durableApplied = applied;
    }

    /** A failed fsync: the writes are gone, whatever the process believes. */
    void lose(int count, RandomGenerator random) {
        int kept = random.nextInt(count);
        for (var write : unsynced.subList(0, kept)) {
            if (!lossy) {
                write.to(durable);
            }
        }
        unsynced.clear();
        lossy = true;
    }
}
