// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.ShardSnapshot;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * A snapshot read part by part on the io threads, no faster than the node may send: each part rests for as long as the one before
 * it takes at that pace. Thread-safe; never blocks.
 */
final class PacedSnapshot implements OutgoingSnapshot {
    private static final long RETRY_MS = 20;

    private final ShardThreads threads;
    private final SnapshotTraffic traffic;
    private final ShardMetrics metrics;
    private final ShardSnapshot snapshot;
    private long restUntilNanos;
    private boolean reading;
    private boolean closed;

    PacedSnapshot(ShardThreads threads, SnapshotTraffic traffic, ShardMetrics metrics, ShardSnapshot snapshot) {
        this.threads = threads;
        this.traffic = traffic;
        this.metrics = metrics;
        this.snapshot = snapshot;
        this.restUntilNanos = System.nanoTime();
    }

    @Override
    public SnapshotHead head() {
        return snapshot.head();
    }

    @Override
    public void next(PartTaker taker) {
        long pauseMs;
        synchronized (this) {
            pauseMs = TimeUnit.NANOSECONDS.toMillis(restUntilNanos - System.nanoTime());
        }
        if (pauseMs <= 0) {
            read(taker);
        } else {
            threads.later(pauseMs, () -> read(taker));
        }
    }

    private void read(PartTaker taker) {
        try {
            threads.io().execute(() -> readOnIo(taker));
        } catch (RejectedExecutionException e) {
            threads.later(RETRY_MS, () -> read(taker));
        }
    }

    private void readOnIo(PartTaker taker) {
        boolean givenUp;
        synchronized (this) {
            givenUp = closed;
            reading = !givenUp;
        }
        if (givenUp) {
            taker.failed(new IllegalStateException("the snapshot was given up"));
            return;
        }
        Optional<SnapshotPart> part;
        try {
            part = snapshot.next(ShardLimits.SNAPSHOT_PART_BYTES);
        } catch (RuntimeException | Error e) {
            doneReading();
            taker.failed(e);
            return;
        }
        long bytes = part.map(SnapshotPart::bytes).orElse(0L);
        metrics.snapshotSent(bytes);
        synchronized (this) {
            restUntilNanos = System.nanoTime() + traffic.sent(bytes);
        }
        doneReading(); // first, because whoever hears of the part may read the next one, or close, at once
        taker.part(part);
    }

    private void doneReading() {
        boolean last;
        synchronized (this) {
            reading = false;
            last = closed;
        }
        if (last) {
            snapshot.close();
        }
    }

    @Override
    public void close() {
        boolean now;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            now = !reading;
        }
        traffic.endSending(this);
        if (now) {
            closeOnIo();
        }
    }

    /** Callers may be threads that no native call must hold up. */
    private void closeOnIo() {
        try {
            threads.io().execute(snapshot::close);
        } catch (RejectedExecutionException e) {
            snapshot.close();
        }
    }
}
