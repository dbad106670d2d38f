// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.replica.Append;
import io.tintype.trace.Trace;
import java.util.List;
import java.util.Map;

/**
 * Records as they came from the primary, verified. Immutable.
 *
 * @param append what the core is told of them
 * @param entries the records
 * @param inline by sequence, the chunks that came with them; none for a record whose chunk is gone for good
 * @param taken to be run once, when the next batch may come
 * @param traces of records that belong to traced calls: from their coming until they are fsynced
 */
public record ReceivedBatch(
        Append append, List<LogEntry> entries, Map<Long, InlineChunk> inline, Runnable taken, List<Trace> traces) {
    /** One of no trace. */
    public ReceivedBatch(Append append, List<LogEntry> entries, Map<Long, InlineChunk> inline, Runnable taken) {
        this(append, entries, inline, taken, List.of());
    }

    /** The same with traces. */
    public ReceivedBatch with(List<Trace> others) {
        return others.isEmpty() ? this : new ReceivedBatch(append, entries, inline, taken, others);
    }
}
