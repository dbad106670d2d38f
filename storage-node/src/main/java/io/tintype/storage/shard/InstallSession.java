// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.blob.SnapshotSink;
import io.tintype.storage.replica.ReplicaAction.InstallSnapshot;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot that replaces a replica, from the first question to the last synced write, or to where it is given up. What the
 * transport calls runs on its threads, what writes on an io thread, and the rest on the shard's loop.
 */
final class InstallSession implements Peers.SnapshotTaker {
    private static final Logger log = LoggerFactory.getLogger(InstallSession.class);
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Whose session it is. */
    interface Owner {
        /** Gives the core an event. From any thread. */
        void post(ReplicaEvent event);

        /** Runs something on the shard's loop. From any thread. */
        void onLoop(Runnable task);

        /** Runs something that may block on the disk. From any thread. */
        void onIo(Runnable task);

        /** Remembers the part being written, of whichever session. From the transport's thread. */
        void writes(CompletableFuture<Void> part);

        /** Completes when nothing is written any more. */
        CompletableFuture<Void> written();

        /** The snapshot is in place. On the loop; {@link #end} was called. */
        void installed(InstallSession session);

        /** It came to nothing. On the loop; {@link #end} was called. */
        void failed(InstallSession session, Throwable cause);

        /** It does nothing any more. On the loop. */
        void ended(InstallSession session);
    }

    private final Owner owner;
    private final ShardContext context;
    private final Installation.Target target;
    private final ShardId shard;
    private final long stream;
    private final CompletableFuture<Void> accepted = new CompletableFuture<>();
    private CompletableFuture<Void> call = CompletableFuture.completedFuture(null);
    private volatile @Nullable SnapshotHead head;
    private volatile @Nullable SnapshotSink sink;
    private final AtomicLong bytes = new AtomicLong();
    private volatile long progressNanos;
    private volatile boolean ended;
    private long toldNanos;

    InstallSession(Owner owner, ShardContext context, Installation.Target target, long stream) {
        this.owner = owner;
        this.context = context;
        this.target = target;
        this.shard = target.store().id();
        this.stream = stream;
        this.progressNanos = now();
        this.toldNanos = progressNanos;
    }

    /** The stream it came with. */
    long stream() {
        return stream;
    }

    void fetch(InstallSnapshot install) {
        call = context.peers().fetchSnapshot(shard, install.primary(), install.epoch(), target.self(), this);
        var unused = call.whenComplete((whole, failure) -> owner.onLoop(() -> fetched(failure)));
        watch();
    }

    /** A source that says nothing more for long is given up. */
    private void watch() {
        context.threads().later(ShardLimits.SNAPSHOT_STALL.toMillis() / 4, () -> {
            if (!ended) {
                if (now() - progressNanos > ShardLimits.SNAPSHOT_STALL.toNanos()) {
                    call.cancel(true);
                }
                watch();
            }
        });
    }

    private long now() {
        return context.clock().now().nanos();
    }

    // ---- from the transport

    @Override
    public CompletableFuture<Void> begun(SnapshotHead found) {
        sink = target.store().install(found);
        head = found;
        owner.post(new ReplicaEvent.SnapshotOffered(stream, Shapes.of(found.at())));
        return accepted;
    }

    @Override
    public CompletableFuture<Void> part(Supplier<SnapshotPart> checked) {
        progressNanos = now();
        var put = new CompletableFuture<Void>();
        var taken = new CompletableFuture<Void>();
        owner.writes(put);
        owner.onIo(() -> {
            try {
                write(checked, taken);
            } finally {
                put.complete(null); // the end of the replica waits for it
            }
        });
        return taken;
    }

    // ---- on an io thread

    private void write(Supplier<SnapshotPart> checked, CompletableFuture<Void> taken) {
        var to = sink;
        try {
            if (ended || to == null) {
                throw new IllegalStateException("the snapshot was given up");
            }
            var part = checked.get();
            to.put(part);
            bytes.addAndGet(part.bytes());
            long pauseMs = TimeUnit.NANOSECONDS.toMillis(context.snapshots().installed(shard, part.bytes()));
            tell();
            if (pauseMs == 0) {
                taken.complete(null);
            } else {
                context.threads().later(pauseMs, () -> taken.complete(null));
            }
        } catch (RuntimeException | Error e) {
            taken.completeExceptionally(e);
        }
    }

    private void tell() {
        var of = head;
        if (of != null && now() - toldNanos > TELL_EVERY_NANOS) {
            toldNanos = now();
            log.info("shard {}: {} of about {} bytes of the snapshot are here", shard, bytes, of.expectedBytes());
        }
    }

    // ---- on the loop

    /** Everything that writes or applies ends first, then the disk is marked and emptied. */
    void accept() {
        target.board().takeAway();
        var of = head;
        if (of != null) {
            context.snapshots().expect(shard, of.expectedBytes());
            log.info("shard {}: installing a snapshot of {}, about {} bytes", shard, of.at(), of.expectedBytes());
        }
        var unused = CompletableFuture.allOf(
                        target.disk().drained(), target.applier().drained(), owner.written())
                .whenComplete((drained, failure) -> owner.onIo(this::awaitCollector));
    }

    private void awaitCollector() {
        synchronized (target.store()) {
            owner.onLoop(this::empty); // the collector has seen the board, or sees it before it begins
        }
    }

    private void empty() {
        if (ended) {
            return;
        }
        progressNanos = now();
        var unused = target.disk().beginInstall().whenComplete((durable, failure) -> {
            if (failure == null) {
                accepted.complete(null);
            } else {
                accepted.completeExceptionally(failure);
            }
        });
    }

    private void fetched(@Nullable Throwable failure) {
        var of = head;
        var to = sink;
        if (ended) {
            return;
        }
        if (failure != null || of == null || to == null) {
            fail(failure == null ? new IllegalStateException("the snapshot was empty") : failure);
            return;
        }
        try {
            to.requireWhole();
        } catch (IllegalArgumentException e) {
            fail(e);
            return;
        }
        var unused = target.disk().endInstall(of).whenComplete((durable, broken) -> {
            if (broken == null) {
                owner.onIo(this::reload);
            }
        });
    }

    private void reload() {
        try {
            target.store().reload();
        } catch (RuntimeException | Error e) {
            owner.post(new ReplicaEvent.PersistFailed("what was installed cannot be read: " + e.getMessage()));
            return;
        }
        owner.onLoop(this::installed);
    }

    private void installed() {
        if (ended) {
            return;
        }
        target.applier().restart();
        target.board().replaced();
        context.metrics().snapshotInstalled();
        log.info("shard {}: the snapshot of {} is installed, {} bytes", shard, this, bytes);
        end();
        owner.installed(this);
    }

    private void fail(Throwable cause) {
        end();
        owner.failed(this, cause);
    }

    /** Gives it up, where it is not over. */
    void end() {
        if (ended) {
            return;
        }
        ended = true;
        owner.ended(this);
        call.cancel(true);
        accepted.cancel(true);
        context.snapshots().forget(shard);
        context.snapshots().endInstalling();
    }

    @Override
    public String toString() {
        var of = head;
        return of == null ? "nothing yet" : of.at().toString();
    }
}
