// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.NamedChunks;
import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaAction.SendAppend;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one follower what the core says it is to have, as fast as the follower takes it: out of memory where possible,
 * else from the disk, read on another thread. How far records are committed rides on the next records; where none follow at
 * once, it waits a moment for some before it travels alone. A newcomer's backlog goes no faster than the node may send. Where
 * the log was cut in front of what the follower is sent next, its stream ends: once it says hello again, the core knows what to do.
 *
 * <p>Confined to the shard's loop.
 */
final class Feeder {
    private static final Logger log = LoggerFactory.getLogger(Feeder.class);
    private static final long RETRY_MS = 10;
    private static final int MOST_DOUBLINGS = 7;

    /** Where a feeder gets records from, and threads to read on. */
    record Source(ShardStore store, Tail tail, ShardThreads threads, Executor loop, SnapshotTraffic traffic) {}

    private record InFlight(long seq, long bytes) {}

    private final Source source;
    private final FollowerLink link;
    private final Runnable linger;
    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private long inFlightBytes;
    private LogPosition sent = LogPosition.NONE;
    private long target;
    private long epoch;
    private long cfg;
    private long committed;
    private long committedSent = -1;
    private boolean begun;
    private boolean reading;
    /** Reads that failed since the last one that did not. */
    private int failures;

    private long backlog;
    private boolean resting;
    private boolean ended;

    /** @param linger has {@link #tellCommitted} called before long */
    Feeder(Source source, FollowerLink link, Runnable linger) {
        this.source = source;
        this.link = link;
        this.linger = linger;
    }

    FollowerLink link() {
        return link;
    }

    /** Records the follower is to have and has not been sent. */
    long behind() {
        return Math.max(0, target - sent.seq());
    }

    void attach(Attach attach) {
        backlog = attach.backlog();
        link.attach(attach);
    }

    void send(SendAppend action) {
        if (!begun) {
            begun = true;
            sent = action.previous();
        }
        epoch = action.epoch();
        cfg = action.cfg();
        target = action.lastSeq();
        committed = Math.max(committed, action.committed());
        pump();
    }

    void acked(long seq) {
        InFlight first;
        while ((first = inFlight.peek()) != null && first.seq() <= seq) {
            inFlight.remove();
            inFlightBytes -= first.bytes();
        }
        pump();
    }

    /** Sends what can be sent now. */
    void pump() {
        while (!ended
                && !reading
                && !resting
                && begun
                && inFlightBytes < ShardLimits.FOLLOWER_WINDOW_BYTES
                && link.isReady()
                && sent.seq() < target) {
            var items = fromMemory();
            if (items.isEmpty()) {
                readAhead();
                return;
            }
            long bytes = 0;
            var outgoing = new ArrayList<FollowerLink.Outgoing>(items.size());
            for (var item : items) {
                bytes += item.bytes();
                outgoing.add(new FollowerLink.Outgoing(
                        item.entry().encoded(), item.entry().record().seq(), item.inline(), false, item.trace()));
            }
            transmit(outgoing, place(items.get(items.size() - 1).entry()), bytes);
        }
        if (committed > committedSent) {
            linger.run();
        }
    }

    /** Tells how far records are committed, unless that was told with records or is going to be. */
    void tellCommitted() {
        if (!ended && !reading && begun && link.isReady() && sent.seq() == target && committed > committedSent) {
            transmit(List.of(), sent, 0);
        }
    }

    void end() {
        ended = true;
    }

    private List<Tail.Item> fromMemory() {
        var items = new ArrayList<Tail.Item>();
        long bytes = 0;
        for (long seq = sent.seq() + 1; seq <= target; seq++) {
            var item = source.tail().get(seq);
            if (item == null || !item.complete()) {
                break;
            }
            bytes += item.bytes();
            if (!items.isEmpty() && bytes > ShardLimits.MESSAGE_BYTES) {
                break;
            }
            items.add(item);
        }
        return items;
    }

    private void transmit(List<FollowerLink.Outgoing> records, LogPosition last, long bytes) {
        link.append(epoch, cfg, sent, records, committed);
        committedSent = committed;
        if (sent.seq() < backlog) {
            rest(source.traffic().sent(bytes));
        }
        sent = last;
        if (bytes > 0) {
            inFlight.add(new InFlight(last.seq(), bytes));
            inFlightBytes += bytes;
        }
    }

    private void rest(long nanos) {
        long pauseMs = TimeUnit.NANOSECONDS.toMillis(nanos);
        if (pauseMs > 0) {
            resting = true;
            source.threads()
                    .later(
                            pauseMs,
                            () -> source.loop().execute(() -> {
                                resting = false;
                                pump();
                            }));
        }
    }

    private void readAhead() {
        reading = true;
        long from = sent.seq() + 1;
        long to = target;
        try {
            source.threads().io().execute(() -> {
                var found = new ArrayList<LogEntry>();
                var outgoing = new ArrayList<FollowerLink.Outgoing>();
                boolean failed = false;
                try {
                    read(from, to, found, outgoing);
                } catch (RuntimeException | Error e) {
                    failed = true;
                    log.warn(
                            "shard {}: cannot read records from {} for {}",
                            source.store().id(),
                            from,
                            link.follower(),
                            e);
                    found.clear();
                }
                boolean damaged = failed;
                source.loop().execute(() -> {
                    failures = damaged ? failures + 1 : 0;
                    readDone(from, found, outgoing);
                });
            });
        } catch (RejectedExecutionException e) {
            pumpLater();
        }
    }

    /** On an io thread. */
    private void read(long from, long to, List<LogEntry> found, List<FollowerLink.Outgoing> outgoing) {
        long bytes = 0;
        for (var entry : source.store().log().read(from, to, ShardLimits.MESSAGE_BYTES)) {
            var key = NamedChunks.inlineKey(entry.record()).orElse(null);
            var inline = key == null
                    ? Optional.<InlineChunk>empty()
                    : source.store().reader().chunk(key).map(chunk -> new InlineChunk(key, chunk));
            // Written together with the record, so where it is missing, it was collected.
            var record = new FollowerLink.Outgoing(
                    entry.encoded(), entry.record().seq(), inline.orElse(null), key != null && inline.isEmpty());
            bytes += record.bytes();
            if (!found.isEmpty() && bytes > ShardLimits.MESSAGE_BYTES) {
                return;
            }
            found.add(entry);
            outgoing.add(record);
        }
    }

    private void readDone(long from, List<LogEntry> found, List<FollowerLink.Outgoing> outgoing) {
        if (found.isEmpty()) {
            if (!ended && from < source.store().log().first()) {
                log.info(
                        "shard {}: the log was cut in front of what {} needs",
                        source.store().id(),
                        link.follower());
                end();
                link.close();
                return;
            }
            pumpLater(); // not on the disk yet, or damaged
            return;
        }
        reading = false;
        if (!ended) {
            long bytes = 0;
            for (var record : outgoing) {
                bytes += record.bytes();
            }
            transmit(outgoing, place(found.get(found.size() - 1)), bytes);
            pump();
        }
    }

    private void pumpLater() {
        source.threads()
                .later(
                        pauseMs(failures),
                        () -> source.loop().execute(() -> {
                            reading = false;
                            pump();
                        }));
    }

    /** What is damaged is looked for elsewhere meanwhile, and may be nowhere: no reason to read it a hundred times a second. */
    static long pauseMs(int failures) {
        return RETRY_MS << Math.min(failures, MOST_DOUBLINGS);
    }

    private static LogPosition place(LogEntry entry) {
        return new LogPosition(entry.record().epoch(), entry.record().seq());
    }
}
