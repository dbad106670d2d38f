// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.log.LogEntry;
import io.tintype.trace.Trace;
import org.jspecify.annotations.Nullable;

/**
 * The newest records of a log in memory, with the chunks that travel with them: what followers are sent, and what is
 * applied, is nearly always here, so that neither reads the disk.
 *
 * <p>Confined to the shard's loop. Holds records without gaps up to the last one; older ones go when the shard or the
 * node has too many bytes of them.
 */
final class Tail {
    /**
     * A record in memory.
     *
     * @param entry the record
     * @param inline the chunk that travels with it; null where there is none, or where it is only on disk
     * @param complete false where the record has a chunk that is only on disk
     * @param trace of the call that the record belongs to
     */
    record Item(LogEntry entry, @Nullable InlineChunk inline, boolean complete, Trace trace) {
        /** One of no trace. */
        Item(LogEntry entry, @Nullable InlineChunk inline, boolean complete) {
            this(entry, inline, complete, Trace.NONE);
        }

        int bytes() {
            return ShardLimits.RECORD_OVERHEAD_BYTES
                    + entry.encoded().size()
                    + (inline == null ? 0 : inline.chunk().data().size());
        }
    }

    private static final int CAPACITY = ShardLimits.TAIL_RECORDS;

    private final ByteBudget nodeBudget;
    private final @Nullable Item[] ring = new Item[CAPACITY];
    /** Records first to next - 1 are here. */
    private long first;

    private long next;
    private long bytes;

    Tail(ByteBudget nodeBudget) {
        this.nodeBudget = nodeBudget;
    }

    /** Adds the record behind the last one; a record elsewhere starts afresh. */
    void add(Item item) {
        long seq = item.entry().record().seq();
        if (seq != next) {
            clear();
            first = seq;
        }
        if (next - first == CAPACITY) {
            removeFirst();
        }
        ring[slot(seq)] = item;
        next = seq + 1;
        bytes += item.bytes();
        nodeBudget.take(item.bytes());
        while (next - first > 1 && (bytes > ShardLimits.TAIL_BYTES || nodeBudget.isOver())) {
            removeFirst();
        }
    }

    /** A record, if it is here. */
    @Nullable
    Item get(long seq) {
        return seq >= first && seq < next ? ring[slot(seq)] : null;
    }

    /** Forgets all records behind one. */
    void cutAfter(long seq) {
        while (next > first && next - 1 > seq) {
            next--;
            remove(next);
        }
    }

    /** Forgets everything. */
    void clear() {
        while (first < next) {
            removeFirst();
        }
        first = 0;
        next = 0;
    }

    private void removeFirst() {
        remove(first);
        first++;
    }

    private void remove(long seq) {
        var gone = ring[slot(seq)];
        ring[slot(seq)] = null;
        if (gone != null) {
            bytes -= gone.bytes();
            nodeBudget.give(gone.bytes());
        }
    }

    private static int slot(long seq) {
        return (int) (seq % CAPACITY);
    }
}
