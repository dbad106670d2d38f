// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.ShardSnapshot;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** A snapshot read part by part on the io threads, no faster than the node may send. Thread-safe; never blocks. */
final class PacedSnapshot implements OutgoingSnapshot {
    private static final long RETRY_MS = 20;

    private final ShardContext context;
    private final ShardSnapshot snapshot;
    private boolean reading;
    private boolean closed;

    PacedSnapshot(ShardContext context, ShardSnapshot snapshot) {
        this.context = context;
        this.snapshot = snapshot;
    }

    @Override
    public SnapshotHead head() {
        return snapshot.head();
    }

    @Override
    public CompletableFuture<Optional<SnapshotPart>> next() {
        var result = new CompletableFuture<Optional<SnapshotPart>>();
        read(result);
        return result;
    }

    private void read(CompletableFuture<Optional<SnapshotPart>> result) {
        try {
            context.threads().io().execute(() -> readOnIo(result));
        } catch (RejectedExecutionException e) {
            context.threads().later(RETRY_MS, () -> read(result));
        }
    }

    private void readOnIo(CompletableFuture<Optional<SnapshotPart>> result) {
        synchronized (this) {
            if (closed) {
                result.completeExceptionally(new IllegalStateException("the snapshot was given up"));
                return;
            }
            reading = true;
        }
        Optional<SnapshotPart> part;
        try {
            part = snapshot.next(ShardLimits.SNAPSHOT_PART_BYTES);
        } catch (RuntimeException e) {
            doneReading();
            result.completeExceptionally(e);
            return;
        }
        doneReading(); // first, because whoever hears of the part may read the next one, or close, at once
        long bytes = part.map(SnapshotPart::bytes).orElse(0L);
        context.metrics().snapshotSent(bytes);
        long pauseMs = TimeUnit.NANOSECONDS.toMillis(context.snapshots().sent(bytes));
        if (pauseMs == 0) {
            result.complete(part);
        } else {
            context.threads().later(pauseMs, () -> result.complete(part));
        }
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
        context.snapshots().endSending(this);
        if (now) {
            closeOnIo();
        }
    }

    /** Callers may be threads that no native call must hold up. */
    private void closeOnIo() {
        try {
            context.threads().io().execute(snapshot::close);
        } catch (RejectedExecutionException e) {
            snapshot.close();
        }
    }
}
