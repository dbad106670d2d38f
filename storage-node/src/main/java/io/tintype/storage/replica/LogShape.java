// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.ArrayList;
import java.util.List;

/**
 * A log without its bytes: which records there are, and which epoch each belongs to.
 *
 * <p>Immutable. Invariant: epochs and their first records both rise strictly, and the epoch of every
 * record from {@code firstSeq - 1} to {@code lastSeq} is known.
 *
 * @param epochs first record of each epoch, oldest first
 * @param firstSeq oldest record still held; one above {@code lastSeq} when none is
 * @param lastSeq newest record; 0 when there never was one
 */
public record LogShape(List<EpochStart> epochs, long firstSeq, long lastSeq) {
    private static final LogShape EMPTY = new LogShape(List.of(), 1, 0);

    /** There is no common ancestor that both epoch tables still know. */
    public static final long NO_COMMON_PREFIX = -1;

    public LogShape {
        epochs = List.copyOf(epochs);
        if (firstSeq < 1 || firstSeq > lastSeq + 1) {
            throw new IllegalArgumentException("a log cannot reach from " + firstSeq + " to " + lastSeq);
        }
        if (lastSeq > 0 && (epochs.isEmpty() || epochs.get(0).seq() > Math.max(1, firstSeq - 1))) {
            throw new IllegalArgumentException(
                    "epochs " + epochs + " leave records from " + firstSeq + " to " + lastSeq + " without an epoch");
        }
        for (int i = 0; i < epochs.size(); i++) {
            var start = epochs.get(i);
            if (start.seq() > lastSeq
                    || (i > 0
                            && (epochs.get(i - 1).epoch() >= start.epoch()
                                    || epochs.get(i - 1).seq() >= start.seq()))) {
                throw new IllegalArgumentException("epochs " + epochs + " do not rise up to record " + lastSeq);
            }
        }
    }

    /** A log that never held a record. */
    public static LogShape empty() {
        return EMPTY;
    }

    /** The newest record's place. */
    public LogPosition last() {
        return lastSeq == 0 ? LogPosition.NONE : new LogPosition(lastEpoch(), lastSeq);
    }

    /** The newest record's epoch; 0 when there never was a record. */
    public long lastEpoch() {
        return epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).epoch();
    }

    /**
     * The epoch of a record.
     *
     * @return 0 for record 0
     * @throws IllegalArgumentException for a record behind the last one, or older than the table
     */
    public long epochAt(long seq) {
        if (seq == 0) {
            return 0;
        }
        if (seq <= lastSeq) {
            for (int i = epochs.size() - 1; i >= 0; i--) {
                if (epochs.get(i).seq() <= seq) {
                    return epochs.get(i).epoch();
                }
            }
        }
        throw new IllegalArgumentException("record " + seq + " is not in " + this);
    }

    /** The place of a record; as {@link #epochAt}. */
    public LogPosition at(long seq) {
        return seq == 0 ? LogPosition.NONE : new LogPosition(epochAt(seq), seq);
    }

    /** Whether the log holds, or once held and trimmed, exactly the record at this place. */
    public boolean contains(LogPosition place) {
        if (place.seq() == 0) {
            return true;
        }
        return place.seq() <= lastSeq
                && !epochs.isEmpty()
                && epochs.get(0).seq() <= place.seq()
                && epochAt(place.seq()) == place.epoch();
    }

    /** Whether the epoch of a record is known. */
    boolean knows(long seq) {
        return seq > 0 && seq <= lastSeq && !epochs.isEmpty() && epochs.get(0).seq() <= seq;
    }

    /**
     * Whether this log surely never held a record of another one: it knows all epochs since before that record's, and has
     * none of them there.
     *
     * @param seq the record's number in the other log
     */
    boolean excludes(LogShape other, long seq) {
        if (!other.knows(seq) || epochs.isEmpty()) {
            return false;
        }
        var place = other.at(seq);
        var oldest = epochs.get(0);
        boolean reachesBack =
                place.epoch() > oldest.epoch() || (place.epoch() == oldest.epoch() && seq >= oldest.seq());
        return reachesBack && !contains(place);
    }

    /**
     * With records behind the last one.
     *
     * @param starts where epochs begin among the new records; the first may repeat the current epoch
     * @param newLastSeq the new last record
     */
    public LogShape appended(List<EpochStart> starts, long newLastSeq) {
        if (starts.isEmpty() || (starts.size() == 1 && starts.get(0).epoch() == lastEpoch())) {
            return new LogShape(epochs, firstSeq, newLastSeq);
        }
        var all = new ArrayList<>(epochs);
        for (var start : starts) {
            if (start.epoch() != lastEpoch()) {
                all.add(start);
            }
        }
        return new LogShape(all, firstSeq, newLastSeq);
    }

    /** Without all records behind {@code seq}. */
    public LogShape truncatedTo(long seq) {
        if (seq >= lastSeq) {
            return this;
        }
        if (seq == 0) {
            return EMPTY;
        }
        return new LogShape(
                epochs.stream().filter(start -> start.seq() <= seq).toList(), Math.min(firstSeq, seq + 1), seq);
    }

    /** Without the records in front of {@code newFirstSeq}; the epoch of the one in front of it stays known. */
    public LogShape trimmedTo(long newFirstSeq) {
        if (newFirstSeq <= firstSeq) {
            return this;
        }
        var kept = new ArrayList<EpochStart>();
        for (int i = 0; i < epochs.size(); i++) {
            if (i + 1 == epochs.size() || epochs.get(i + 1).seq() >= newFirstSeq) {
                kept.add(epochs.get(i));
            }
        }
        return new LogShape(kept, newFirstSeq, lastSeq);
    }

    /**
     * The last record up to which this log and another one are the same: the end, in the shorter of the two, of
     * the greatest epoch that both know (Kafka's KIP-101 and KIP-279, in one step because the whole table is at
     * hand).
     *
     * @return {@link #NO_COMMON_PREFIX} when neither table reaches back far enough to tell
     */
    public long commonPrefix(LogShape other) {
        for (int i = epochs.size() - 1; i >= 0; i--) {
            var mine = epochs.get(i);
            for (int j = other.epochs.size() - 1; j >= 0; j--) {
                if (other.epochs.get(j).epoch() == mine.epoch()) {
                    return Math.min(endOf(i), other.endOf(j));
                }
            }
        }
        return reachesTheBeginning() && other.reachesTheBeginning() ? 0 : NO_COMMON_PREFIX;
    }

    private boolean reachesTheBeginning() {
        return epochs.isEmpty() || epochs.get(0).seq() == 1;
    }

    private long endOf(int index) {
        return index + 1 < epochs.size() ? epochs.get(index + 1).seq() - 1 : lastSeq;
    }

    @Override
    public String toString() {
        return "log " + firstSeq + ".." + lastSeq + " of epochs " + epochs;
    }
}
