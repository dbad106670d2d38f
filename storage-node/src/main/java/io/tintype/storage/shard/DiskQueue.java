// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Committer;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.trace.Trace;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one queue of a shard's writes to its disk. What is in memory as appended must get to the disk, in order; so a write
 * that the disk will not take for the moment is kept and handed in again, and all behind it wait.
 *
 * <p>Confined to the shard's loop.
 */
final class DiskQueue {
    private static final long RETRY_MS = 10;

    /**
     * A write to be handed in.
     *
     * @param essential goes on even when the disk is nearly full
     * @param then is told to the core once the write is fsynced
     * @param syncs parts of traces that last until then
     */
    record Waiting(Write write, boolean essential, @Nullable ReplicaEvent then, List<Trace> syncs) {}

    private final Committer committer;
    private final ShardThreads threads;
    private final Consumer<Runnable> loop;
    private final Consumer<ReplicaEvent> events;
    private final ArrayDeque<Waiting> backlog = new ArrayDeque<>();
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
    private boolean retrying;
    private boolean closed;

    /**
     * @param loop runs something on the shard's loop, later, also while that handles nothing because it waits for
     *     {@link #drained}; may drop it once the replica is closed
     * @param events takes what is to be told to the core, on any thread
     */
    DiskQueue(Committer committer, ShardThreads threads, Consumer<Runnable> loop, Consumer<ReplicaEvent> events) {
        this.committer = committer;
        this.threads = threads;
        this.loop = loop;
        this.events = events;
    }

    /**
     * Writes.
     *
     * @param essential goes on even when the disk is nearly full; else it is a copy of an upload, which may take half of the
     *     reserve
     * @param then is told to the core once the write is fsynced
     */
    void submit(Write write, boolean essential, @Nullable ReplicaEvent then) {
        submit(new Waiting(write, essential, then, List.of()));
    }

    /** Writes. */
    void submit(Waiting waiting) {
        if (closed) {
            return;
        }
        backlog.add(waiting);
        if (!retrying) {
            drain();
        }
    }

    /**
     * Completes once everything submitted so far is fsynced; not before the disk takes it. Fails where it never will,
     * because it has failed.
     */
    CompletableFuture<Void> drained() {
        if (backlog.isEmpty()) {
            return last;
        }
        if (!retrying) {
            return CompletableFuture.failedFuture(
                    new TintypeException(Reason.UNAVAILABLE, "the disk takes no more writes"));
        }
        var drained = new CompletableFuture<Void>();
        threads.later(
                RETRY_MS,
                () -> loop.accept(() -> {
                    var unused = drained().whenComplete((done, failure) -> {
                        if (failure == null) {
                            drained.complete(null);
                        } else {
                            drained.completeExceptionally(failure);
                        }
                    });
                }));
        return drained;
    }

    /** Hands in nothing more, not even what waits; completes, well or not, when what was handed in is dealt with. */
    CompletableFuture<Void> close() {
        closed = true;
        backlog.clear();
        return last.handle((done, failure) -> null);
    }

    private void drain() {
        Waiting waiting;
        while ((waiting = backlog.peek()) != null) {
            try {
                last = waiting.essential()
                        ? committer.commitEssential(waiting.write())
                        : committer.commitCopy(waiting.write());
            } catch (TintypeException e) {
                if (e.reason() == Reason.OVERLOADED || e.reason() == Reason.DISK_FULL) {
                    retryLater();
                } else {
                    events.accept(new ReplicaEvent.PersistFailed(String.valueOf(e.getMessage())));
                }
                return;
            }
            backlog.remove();
            follow(last, waiting);
        }
    }

    private void follow(CompletableFuture<Void> written, Waiting waiting) {
        var then = waiting.then();
        var syncs = waiting.syncs();
        var unused = written.whenComplete((done, failure) -> {
            syncs.forEach(sync -> sync.end(failure));
            if (failure != null) {
                events.accept(new ReplicaEvent.PersistFailed(String.valueOf(failure.getMessage())));
            } else if (then != null) {
                events.accept(then);
            }
        });
    }

    private void retryLater() {
        retrying = true;
        threads.later(
                RETRY_MS,
                () -> loop.accept(() -> {
                    retrying = false;
                    drain();
                }));
    }
}
