// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import com.google.protobuf.ByteString;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.EpochOpening;
import io.tintype.storage.blob.NamedChunks;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaAction.AppendEpochStart;
import io.tintype.storage.replica.ReplicaAction.AppendProposals;
import io.tintype.storage.replica.ReplicaAction.TrimLog;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the core wants done to this replica's log: makes records, keeps them in the tail, and puts them on the disk with
 * the chunks that travel with them, in one write. Confined to the shard's loop.
 */
final class DiskActions {
    private final ShardStore store;
    private final Tail tail;
    private final DiskQueue queue;
    private final Clock clock;
    private final LogClock logClock = new LogClock();

    DiskActions(ShardStore store, Tail tail, DiskQueue queue, Clock clock) {
        this.store = store;
        this.tail = tail;
        this.queue = queue;
        this.clock = clock;
        store.reader().limitTime(() -> {
            var now = clock.now();
            long latestMs = clock.latestMillis(now);
            // A log that was at rest, and came here late, says little: nobody is to be shown for hours what is over.
            return Math.max(logClock.latest(now, latestMs), latestMs);
        });
    }

    void promise(long epoch) {
        var write = new Write();
        store.log().promise(write, epoch);
        queue.submit(write, true, new ReplicaEvent.PromisePersisted(epoch));
    }

    void append(AppendProposals action, List<OpenProposal> proposals) {
        var write = new Write();
        List<Trace> syncs = List.of();
        for (var open : proposals) {
            var proposal = open.proposal;
            if (open.trace.isRecording()) {
                syncs = syncs.isEmpty() ? new ArrayList<>() : syncs;
                syncs.add(open.trace.child("group commit"));
            }
            var entry = next(
                    action.epoch(),
                    open.seq,
                    new Body(proposal.type(), proposal.user(), proposal.requestId(), proposal.payload()));
            append(write, new Tail.Item(entry, proposal.inline(), true, open.trace));
        }
        submit(write, true, syncs);
    }

    void append(AppendEpochStart action) {
        var payload = action.losses() == 0
                ? ByteString.EMPTY
                : EpochOpening.newBuilder().setLosses(action.losses()).build().toByteString();
        var entry = next(action.at().epoch(), action.at().seq(), new Body(RecordType.EPOCH_START, null, null, payload));
        var write = new Write();
        append(write, new Tail.Item(entry, null, true));
        submit(write, true, List.of());
    }

    /** Appends what came from the primary. */
    void append(ReceivedBatch batch) {
        var write = new Write();
        boolean essential = true;
        for (var entry : batch.entries()) {
            essential &= !NamedChunks.mayNameChunks(entry.record().type());
            var inline = batch.inline().get(entry.record().seq());
            store.log().append(write, entry);
            if (inline != null) {
                store.chunks().inline(write, inline.key(), inline.chunk());
            }
            // The chunk is not kept in memory: followers of ours, should we lead, rarely need it.
            tail.add(new Tail.Item(
                    entry, null, !NamedChunks.mayNameChunks(entry.record().type())));
        }
        logClock.saw(store.log().lastLogTimeMs(), clock.now());
        submit(write, essential, batch.traces());
    }

    /** Records of the tail from one to another, newest part only: without gaps, ending at {@code to}. */
    List<LogEntry> cached(long from, long to) {
        long first = to + 1;
        while (first > from && tail.get(first - 1) != null) {
            first--;
        }
        var cached = new ArrayList<LogEntry>((int) (to - first + 1));
        for (long seq = first; seq <= to; seq++) {
            var item = tail.get(seq);
            if (item != null) {
                cached.add(item.entry());
            }
        }
        return cached;
    }

    /**
     * Cuts the log; blocks, so it is called off the loop, while that is suspended.
     *
     * @param write gets what is to be written, and is for the loop to hand in
     */
    void truncate(Write write, LogPosition last) {
        store.truncateTo(write, last.seq());
        tail.cutAfter(last.seq());
    }

    /** Drops old records, as far as they are still there; how many. */
    long trim(TrimLog action) {
        var write = new Write();
        long before = store.log().first();
        store.trimTo(write, action.upTo());
        queue.submit(write, true, new ReplicaEvent.LogTrimmed(store.log().first()));
        return store.log().first() - before;
    }

    /** See {@link DiskQueue#drained}. */
    CompletableFuture<Void> drained() {
        return queue.drained();
    }

    /** Marks the replica as being installed and gives all of it up; complete when that is durable. */
    CompletableFuture<Void> beginInstall() {
        var write = new Write();
        store.beginInstall(write);
        tail.clear();
        queue.submit(write, true, null);
        return queue.drained();
    }

    /** Makes what was installed count; complete when that is durable. */
    CompletableFuture<Void> endInstall(SnapshotHead head) {
        var write = new Write();
        store.endInstall(write, head);
        logClock.saw(store.log().lastLogTimeMs(), clock.now());
        queue.submit(write, true, null);
        return queue.drained();
    }

    /** Gives back the memory of the newest records; nothing is asked of this any more. */
    void close() {
        tail.clear();
    }

    private record Body(
            RecordType type,
            @Nullable UserId user,
            @Nullable RequestId requestId,
            ByteString payload) {}

    private LogEntry next(long epoch, long seq, Body body) {
        var now = clock.now();
        long logTimeMs = logClock.next(store.log().lastLogTimeMs(), now, clock.latestMillis(now));
        return LogCodec.encode(new LogRecord(
                epoch,
                seq,
                store.log().last().epoch(),
                logTimeMs,
                body.type(),
                body.user(),
                body.requestId(),
                body.payload()));
    }

    private void append(Write write, Tail.Item item) {
        store.log().append(write, item.entry());
        logClock.saw(store.log().lastLogTimeMs(), clock.now());
        var inline = item.inline();
        if (inline != null) {
            store.chunks().inline(write, inline.key(), inline.chunk());
        }
        tail.add(item);
    }

    private void submit(Write write, boolean essential, List<Trace> syncs) {
        var last = store.log().last();
        var persisted = new ReplicaEvent.Persisted(new LogPosition(last.epoch(), last.seq()));
        queue.submit(new DiskQueue.Waiting(write, essential, persisted, syncs));
    }
}
