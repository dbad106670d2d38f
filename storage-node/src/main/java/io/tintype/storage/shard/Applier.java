// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.log.LogRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Applies committed records in order, off the shard's loop, and completes the proposals among them.
 *
 * <p>What hands something in belongs to the loop; everything else runs on an apply thread, one batch at a time.
 */
final class Applier {
    private static final int READ_BYTES = 1 << 20;
    private static final int MOST_PINS = 16;

    /**
     * Records that may be applied.
     *
     * @param upTo the last of them
     * @param cached those in memory: without gaps, ending at {@code upTo}; older ones are read from the disk
     * @param proposals the proposals among them, in order
     * @param replicas the nodes that are in sync
     */
    record Committable(long upTo, List<LogEntry> cached, List<OpenProposal> proposals, List<NodeId> replicas)
            implements Work {}

    private sealed interface Work permits Committable, Barrier, Pin {}

    /** Something to do once everything handed in before is applied. */
    private record Barrier(Runnable reached) implements Work {}

    /** Something to do right behind a record, before the next one is applied; at once if it is applied already. */
    private record Pin(long seq, Runnable reached) implements Work {}

    /** Is told of progress, on the apply thread. */
    interface Listener {
        void applied(long seq);

        /** The same for each batch, before its proposals are answered; never empty. */
        void tookEffect(List<LogRecord> records, List<Applied> results);

        void applyFailed(Throwable cause);
    }

    private final ShardStore store;
    private final Listener listener;
    private final ShardMetrics metrics;
    private final Inbox<Work> inbox;
    private final ArrayDeque<OpenProposal> open = new ArrayDeque<>();
    private final List<LogRecord> slice = new ArrayList<>();
    private final List<Pin> pins = new ArrayList<>();
    private List<NodeId> replicas = List.of();
    private boolean failed;
    private long next;
    private long submitted;

    Applier(ShardStore store, Executor apply, ShardMetrics metrics, Listener listener) {
        this.store = store;
        this.metrics = metrics;
        this.listener = listener;
        this.submitted = store.machine().applied().seq();
        this.next = submitted + 1;
        this.inbox = new Inbox<>(apply, this::run);
    }

    void submit(Committable committable) {
        submitted = committable.upTo();
        inbox.post(committable);
    }

    /** The last record handed in. Loop only. */
    long submitted() {
        return submitted;
    }

    /** Completes when everything handed in so far is applied, or has failed. */
    CompletableFuture<Void> drained() {
        var drained = new CompletableFuture<Void>();
        inbox.post(new Barrier(() -> drained.complete(null)));
        return drained;
    }

    /** Runs something, which must be short, right behind a record, or at once if that is applied already. Any thread. */
    void behind(long seq, Runnable reached) {
        inbox.post(new Pin(seq, reached));
    }

    /** The state was replaced; goes on behind it. Loop only, while nothing is being applied. */
    void restart() {
        submitted = store.machine().applied().seq();
        inbox.post(new Barrier(() -> next = store.machine().applied().seq() + 1));
    }

    private void run(List<Work> batch) {
        long before = next;
        try {
            for (var work : batch) {
                if (work instanceof Committable committable) {
                    open.addAll(committable.proposals());
                    if (!failed) {
                        gather(committable);
                    }
                } else if (work instanceof Barrier barrier) {
                    applySlice();
                    barrier.reached().run();
                } else if (work instanceof Pin pin) {
                    if (pins.size() >= MOST_PINS) {
                        pins.remove(0); // whoever asked has long stopped waiting
                    }
                    pins.add(pin);
                }
            }
            applySlice();
            reachPins();
        } catch (RuntimeException | Error e) {
            failed = true;
            slice.clear();
            listener.applyFailed(e);
            batch.stream()
                    .filter(Barrier.class::isInstance)
                    .map(Barrier.class::cast)
                    .forEach(barrier -> barrier.reached().run());
        }
        if (failed) {
            abandon();
        } else if (next > before) {
            listener.applied(next - 1);
        }
    }

    private void gather(Committable committable) {
        replicas = committable.replicas();
        var cached = committable.cached();
        long firstCached = cached.isEmpty()
                ? committable.upTo() + 1
                : cached.get(0).record().seq();
        while (next + slice.size() < firstCached) {
            applySlice();
            var read = store.log().read(next, firstCached - 1, READ_BYTES);
            if (read.isEmpty()) {
                throw new TintypeException(
                        Reason.CORRUPT_DATA, "record " + next + " is committed, but the log does not have it");
            }
            for (var entry : read) {
                take(entry);
            }
        }
        for (var entry : cached) {
            if (entry.record().seq() >= next + slice.size()) {
                take(entry);
            }
        }
    }

    private void take(LogEntry entry) {
        slice.add(entry.record());
        if (slice.size() >= ShardLimits.APPLY_RECORDS || isPinned(entry.record().seq())) {
            applySlice();
        }
    }

    private void applySlice() {
        if (slice.isEmpty()) {
            return;
        }
        var results = store.machine().apply(slice);
        next += slice.size();
        listener.tookEffect(slice, results);
        slice.clear();
        reachPins();
        for (var result : results) {
            complete(result);
        }
    }

    private boolean isPinned(long seq) {
        return pins.stream().anyMatch(pin -> pin.seq() == seq);
    }

    private void reachPins() {
        pins.removeIf(pin -> {
            if (pin.seq() < next) {
                pin.reached().run();
                return true;
            }
            return false;
        });
    }

    private void complete(Applied applied) {
        var first = open.peek();
        if (first != null && first.seq == applied.at().seq()) {
            open.remove();
            metrics.committed(first, applied.outcome());
            first.result.complete(new Committed(applied.at(), applied.outcome(), replicas));
        }
    }

    /** The records are committed and durable, so only the answers are lost. */
    private void abandon() {
        OpenProposal proposal;
        while ((proposal = open.poll()) != null) {
            proposal.result.completeExceptionally(new TintypeException(
                    Reason.OUTCOME_UNKNOWN,
                    "the replica failed while it applied the change; repeat it to learn of it"));
        }
    }
}
