// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.blob.SnapshotSink;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.AcceptSnapshot;
import io.tintype.storage.replica.ReplicaAction.DeclineSnapshot;
import io.tintype.storage.replica.ReplicaAction.InstallSnapshot;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces this replica by a snapshot of its primary's, one at a time: fetches it, has the core accept it, marks the disk
 * and drops everything, writes part after part, and ends it all with one synced write. Until that write is durable the
 * disk says that the replica is not whole, whatever becomes of the process.
 *
 * <p>Confined to the shard's loop, but for what says otherwise.
 */
final class Installation {
    private static final Logger log = LoggerFactory.getLogger(Installation.class);
    private static final long RETRY_MS = 1_000;
    private static final int MOST_DOUBLINGS = 5;
    private static final long BUSY_RETRY_MS = 20;
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** What is replaced. */
    record Target(Member self, ShardStore store, DiskActions disk, Applier applier, Board board) {}

    private final ShardContext context;
    private final Target target;
    private final ShardId shard;
    private final Inbox<Input> inbox;
    private @Nullable Session current;
    private int failures;
    /** The part being written, of whichever session. */
    private volatile CompletableFuture<Void> writing = CompletableFuture.completedFuture(null);

    Installation(ShardContext context, Target target, Inbox<Input> inbox) {
        this.context = context;
        this.target = target;
        this.shard = target.store().id();
        this.inbox = inbox;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof InstallSnapshot install) {
            begin(install);
        } else if (action instanceof AcceptSnapshot accept) {
            var session = current;
            if (session != null && session.stream == accept.stream()) {
                session.accept();
            }
        } else if (action instanceof DeclineSnapshot decline) {
            var session = current;
            if (session != null && session.stream == decline.stream()) {
                log.info("shard {}: the snapshot of {} is not ahead of what is here, or came too late", shard, session);
                session.end();
            }
        } else {
            return false;
        }
        return true;
    }

    /** Gives up what is under way; complete when nothing writes any more. */
    CompletableFuture<Void> close() {
        if (current != null) {
            current.end();
        }
        return writing;
    }

    private void begin(InstallSnapshot install) {
        if (current != null) {
            current.end();
        }
        if (!context.snapshots().beginInstalling()) {
            context.threads().later(RETRY_MS, () -> post(new ReplicaEvent.SnapshotFailed(install.stream())));
            return;
        }
        context.metrics().snapshotNeeded();
        log.info("shard {}: too far behind the log of node {}; asking for a snapshot", shard, install.primary());
        current = new Session(install);
        current.fetch(install);
    }

    private void post(ReplicaEvent event) {
        inbox.post(new Input.Event(event));
    }

    private void onLoop(Runnable task) {
        inbox.post(new Input.Task(task));
    }

    private void onIo(Runnable task) {
        try {
            context.threads().io().execute(task);
        } catch (RejectedExecutionException e) {
            context.threads().later(BUSY_RETRY_MS, () -> onIo(task));
        }
    }

    /** One snapshot. What the transport calls runs on its threads, what writes on an io thread. */
    private final class Session implements Peers.SnapshotTaker {
        final long stream;
        private final CompletableFuture<Void> accepted = new CompletableFuture<>();
        private CompletableFuture<Void> call = CompletableFuture.completedFuture(null);
        private volatile @Nullable SnapshotHead head;
        private volatile @Nullable SnapshotSink sink;
        private final AtomicLong bytes = new AtomicLong();
        private volatile long progressNanos = now();
        private volatile boolean ended;
        private long toldNanos = now();
        private long expecting;

        Session(InstallSnapshot install) {
            this.stream = install.stream();
        }

        void fetch(InstallSnapshot install) {
            call = context.peers().fetchSnapshot(shard, install.primary(), install.epoch(), target.self(), this);
            var unused = call.whenComplete((whole, failure) -> onLoop(() -> fetched(failure)));
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
            post(new ReplicaEvent.SnapshotOffered(stream, Shapes.of(found.at())));
            return accepted;
        }

        @Override
        public CompletableFuture<Void> part(SnapshotPart part) {
            progressNanos = now();
            var put = new CompletableFuture<Void>();
            var taken = new CompletableFuture<Void>();
            writing = put;
            onIo(() -> {
                write(part, taken);
                put.complete(null);
            });
            return taken;
        }

        // ---- on an io thread

        private void write(SnapshotPart part, CompletableFuture<Void> taken) {
            var to = sink;
            try {
                if (ended || to == null) {
                    throw new IllegalStateException("the snapshot was given up");
                }
                to.put(part);
                bytes.addAndGet(part.bytes());
                long pauseMs = TimeUnit.NANOSECONDS.toMillis(context.snapshots().installed(shard, part.bytes()));
                tell();
                if (pauseMs == 0) {
                    taken.complete(null);
                } else {
                    context.threads().later(pauseMs, () -> taken.complete(null));
                }
            } catch (RuntimeException e) {
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
                expecting = of.expectedBytes();
                context.snapshots().expect(shard, expecting);
                log.info("shard {}: installing a snapshot of {}, about {} bytes", shard, of.at(), of.expectedBytes());
            }
            var unused = CompletableFuture.allOf(
                            target.disk().drained(), target.applier().drained(), writing)
                    .whenComplete((drained, failure) -> onIo(this::awaitCollector));
        }

        private void awaitCollector() {
            synchronized (target.store()) {
                onLoop(this::empty); // the collector has seen the board, or sees it before it begins
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
                    onIo(this::reload);
                }
            });
        }

        private void reload() {
            try {
                target.store().reload();
            } catch (RuntimeException e) {
                post(new ReplicaEvent.PersistFailed("what was installed cannot be read: " + e.getMessage()));
                return;
            }
            onLoop(this::installed);
        }

        private void installed() {
            if (ended) {
                return;
            }
            target.applier().restart();
            target.board().whole = true;
            failures = 0;
            context.metrics().snapshotInstalled();
            log.info("shard {}: the snapshot of {} is installed, {} bytes", shard, this, bytes);
            end();
            post(new ReplicaEvent.SnapshotInstalled(
                    stream, Shapes.of(target.store().log())));
        }

        private void fail(Throwable cause) {
            context.metrics().snapshotFailed();
            long pauseMs = RETRY_MS << Math.min(failures++, MOST_DOUBLINGS);
            log.warn(
                    "shard {}: no snapshot could be installed, asking again in {} ms: {}",
                    shard,
                    pauseMs,
                    String.valueOf(cause));
            end();
            context.threads().later(pauseMs, () -> post(new ReplicaEvent.SnapshotFailed(stream)));
        }

        void end() {
            if (ended) {
                return;
            }
            ended = true;
            current = null;
            call.cancel(true);
            accepted.cancel(true);
            context.snapshots().forget(shard, expecting, bytes.get());
            context.snapshots().endInstalling();
        }

        @Override
        public String toString() {
            var of = head;
            return of == null ? "nothing yet" : of.at().toString();
        }
    }
}
