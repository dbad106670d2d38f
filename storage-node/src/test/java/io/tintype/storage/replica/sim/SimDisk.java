// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.LogShape;
import java.util.ArrayList;
import java.util.List;
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

        void copy(Image from) {
            log.clear();
            log.addAll(from.log);
            promise = from.promise;
            firstSeq = from.firstSeq;
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

        LogPosition last() {
            return log.isEmpty()
                    ? LogPosition.NONE
                    : new LogPosition(log.get(log.size() - 1).epoch(), log.size());
        }

        LogShape shape() {
            return shapeOf(log).trimmedTo(firstSeq);
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

    final long incarnation;
    final Image seen = new Image();
    final Image durable = new Image();
    private final List<Write> unsynced = new ArrayList<>();
    long applied;
    long durableApplied;
    private boolean lossy;

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
        durableApplied = Math.max(durableApplied, Math.min(appliedThen, durable.log.size()));
        return shorter;
    }

    /** Everything was replaced durably; nothing is unsynced. */
    void replace(List<Rec> log) {
        for (var image : List.of(seen, durable)) {
            image.log.clear();
            image.log.addAll(log);
            image.firstSeq = log.size() + 1L;
        }
        applied = log.size();
        durableApplied = applied;
    }

    /** The process died: some of the unsynced writes are there, in order, the others are not. */
    void crash(RandomGenerator random) {
        synced(unsynced.isEmpty() ? 0 : random.nextInt(unsynced.size() + 1), 0);
        unsynced.clear();
        lossy = false;
        seen.copy(durable);
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
