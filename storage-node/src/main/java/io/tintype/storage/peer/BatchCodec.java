// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.trace.Tracing;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.AppendRecords;
import io.tintype.proto.internal.v1.RecordTrace;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.NamedChunks;
import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.replica.Append;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.shard.FollowerLink.Outgoing;
import io.tintype.storage.shard.ReceivedBatch;
import io.tintype.trace.Trace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Records and the chunks that travel with them, to and from one message. Stateless; copies no bytes of blobs. */
final class BatchCodec {
    private BatchCodec() {}

    static AppendRecords encode(long epoch, long cfg, LogPosition previous, List<Outgoing> records, long committed) {
        var message = AppendRecords.newBuilder()
                .setEpoch(epoch)
                .setConfigVersion(cfg)
                .setPreviousEpoch(previous.epoch())
                .setPreviousSequence(previous.seq())
                .setCommitted(committed);
        for (var record : records) {
            message.addRecords(record.encoded());
            if (record.trace().isRecording()) {
                message.addTraces(RecordTrace.newBuilder()
                        .setSequence(record.seq())
                        .setTraceparent(Objects.requireNonNull(record.trace().header())));
            }
            var inline = record.inline();
            if (inline != null) {
                var chunk = message.addChunksBuilder()
                        .setSequence(record.seq())
                        .setData(inline.chunk().data())
                        .setCrc32C(inline.chunk().crc());
                if (inline.chunk().sealed()) {
                    chunk.setSealedCrc32C(inline.chunk().plainCrc());
                }
            } else if (record.gone()) {
                message.addChunks(io.tintype.proto.internal.v1.InlineChunk.newBuilder()
                        .setSequence(record.seq())
                        .setGone(true));
            }
        }
        return message.build();
    }

    /**
     * Checks everything that can be checked without this replica's own state.
     *
     * @param taken to be run when the next message may come
     * @throws IllegalArgumentException if the message contradicts itself or a checksum, saying how
     */
    static ReceivedBatch decode(AppendRecords message, Runnable taken) {
        if (message.getRecordsCount() > PeerLimits.RECORDS) {
            throw new IllegalArgumentException(message.getRecordsCount() + " records in one message");
        }
        var previous = new LogPosition(message.getPreviousEpoch(), message.getPreviousSequence());
        var entries = new ArrayList<LogEntry>(message.getRecordsCount());
        var starts = new ArrayList<EpochStart>(1);
        long seq = previous.seq();
        long epoch = previous.epoch();
        for (var encoded : message.getRecordsList()) {
            var entry = decode(encoded);
            var record = entry.record();
            if (record.seq() != ++seq || record.prevEpoch() != epoch || record.epoch() > message.getEpoch()) {
                throw new IllegalArgumentException("record " + record.position() + " of previous epoch "
                        + record.prevEpoch() + " comes where " + seq + " after epoch " + epoch + " should, in epoch "
                        + message.getEpoch());
            }
            if (entries.isEmpty() || record.epoch() != epoch) {
                starts.add(new EpochStart(record.epoch(), record.seq()));
            }
            epoch = record.epoch();
            entries.add(entry);
        }
        var append = new Append(
                message.getEpoch(), message.getConfigVersion(), previous, starts, seq, message.getCommitted());
        return new ReceivedBatch(append, entries, inline(message, entries), taken);
    }

    /** Goes on with the traces of records that just came; those that no record here has are passed over. */
    static List<Trace> traces(AppendRecords message, Tracing tracing) {
        int most = Math.min(message.getTracesCount(), message.getRecordsCount());
        if (most == 0 || !tracing.isOn()) {
            return List.of();
        }
        var traces = new ArrayList<Trace>(most);
        for (var traced : message.getTracesList().subList(0, most)) {
            var trace = tracing.proceed("append", traced.getTraceparent());
            if (trace.isRecording()) {
                traces.add(trace.set("tintype.sequence", traced.getSequence()));
            }
        }
        return traces;
    }

    private static LogEntry decode(ByteString encoded) {
        try {
            // A copy, because records are kept for long, and the message they came in is large.
            return LogCodec.decode(UnsafeByteOperations.unsafeWrap(encoded.toByteArray()));
        } catch (TintypeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Map<Long, InlineChunk> inline(AppendRecords message, List<LogEntry> entries) {
        var sent = new HashMap<Long, io.tintype.proto.internal.v1.InlineChunk>();
        for (var chunk : message.getChunksList()) {
            sent.put(chunk.getSequence(), chunk);
        }
        var inline = new HashMap<Long, InlineChunk>();
        var expected = new HashSet<Long>();
        for (var entry : entries) {
            var key = inlineKey(entry);
            if (key == null) {
                continue;
            }
            long seq = entry.record().seq();
            var chunk = sent.get(seq);
            if (chunk == null) {
                throw new IllegalArgumentException("record " + seq + " came without the chunk that travels with it");
            }
            expected.add(seq);
            if (!chunk.getGone()) {
                inline.put(seq, new InlineChunk(key, verified(chunk)));
            }
        }
        if (!expected.containsAll(sent.keySet())) {
            throw new IllegalArgumentException("chunks came that no record names: " + sent.keySet());
        }
        return inline;
    }

    private static @Nullable ChunkKey inlineKey(LogEntry entry) {
        try {
            return NamedChunks.inlineKey(entry.record()).orElse(null);
        } catch (TintypeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Chunk verified(io.tintype.proto.internal.v1.InlineChunk chunk) {
        if (Crc32c.of(chunk.getData()) != chunk.getCrc32C()) {
            throw new IllegalArgumentException(
                    "the chunk of record " + chunk.getSequence() + " does not have the checksum sent with it");
        }
        return chunk.hasSealedCrc32C()
                ? Chunk.sealed(chunk.getData(), chunk.getCrc32C(), chunk.getSealedCrc32C())
                : new Chunk(chunk.getData(), chunk.getCrc32C());
    }
}
