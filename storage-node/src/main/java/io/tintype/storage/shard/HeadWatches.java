// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.blob.HeadChanges;
import io.tintype.storage.log.LogRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who watch the heads of a shard that this replica leads. Thread-safe. Costs nothing to speak of while nobody does.
 *
 * <p>A change is told after readers here see it and before it is acknowledged. The newest {@link ShardLimits#HEADS_REMEMBERED}
 * are kept from the first watcher on, so that one whose connection broke can go on without a gap.
 *
 * <p>Always: what a watcher throws ends its own watch, and reaches neither the shard's threads nor other watchers.
 */
final class HeadWatches {
    private static final Logger log = LoggerFactory.getLogger(HeadWatches.class);

    private final ShardIdentity identity;
    private final Board board;

    // Guarded by this.
    private final List<Watcher> watchers = new ArrayList<>();
    private final ArrayDeque<HeadWatch.Told> recent = new ArrayDeque<>();
    private boolean remembering;
    private long rememberedAfter;
    private long applied;

    private record Watcher(HeadWatch watch, long epoch) {}

    HeadWatches(ShardIdentity identity, Board board, long applied) {
        this.identity = identity;
        this.board = board;
        this.applied = applied;
    }

    /**
     * Tells a watcher of every change from now on, or from where an earlier watch of the same epoch broke off.
     *
     * @return ends the watch; running it again does nothing
     * @throws TintypeException NOT_PRIMARY, NO_PRIMARY or OVERLOADED
     */
    Runnable add(HeadWatch watch, long lastEpoch, long after) {
        Watcher watcher;
        synchronized (this) {
            long epoch = board.servingEpoch;
            if (epoch == 0) {
                throw Refusals.notLeading(board.status);
            }
            if (watchers.size() >= ShardLimits.HEAD_WATCHERS) {
                throw new TintypeException(
                        Reason.OVERLOADED,
                        "shard " + identity.id() + " has " + ShardLimits.HEAD_WATCHERS
                                + " watchers of its heads, which is the limit; go on without");
            }
            if (!remembering) {
                remembering = true;
                rememberedAfter = applied;
            }
            watcher = new Watcher(watch, epoch);
            boolean goesOn = lastEpoch == epoch && after >= rememberedAfter && after <= applied;
            long from = goesOn ? after : applied;
            watch.changed(
                    epoch,
                    from,
                    applied,
                    recent.stream().filter(told -> told.seq() > from).toList());
            watchers.add(watcher); // only now: whoever throws at the first word watches nothing
        }
        // Whoever ends all watches does so after the epoch ends, so one of both sees this watch.
        if (board.servingEpoch != watcher.epoch()) {
            remove(watcher);
            throw Refusals.notLeading(board.status);
        }
        return () -> remove(watcher);
    }

    private synchronized void remove(Watcher watcher) {
        watchers.removeIf(watcher::equals);
    }

    /** Records were applied; called in their order. */
    synchronized void applied(List<LogRecord> records, List<Applied> results) {
        long before = applied;
        applied = records.get(records.size() - 1).seq();
        if (!remembering) {
            return;
        }
        var changes = new ArrayList<HeadWatch.Told>();
        for (int i = 0; i < records.size(); i++) {
            var record = records.get(i);
            HeadChanges.of(record, results.get(i).outcome())
                    .ifPresent(change -> changes.add(new HeadWatch.Told(record.seq(), change)));
        }
        remember(changes);
        long last = applied;
        for (var watcher : List.copyOf(watchers)) {
            if (!tell(watcher, watch -> watch.changed(watcher.epoch(), before, last, changes))) {
                drop(watcher);
            }
        }
    }

    /** Whether a watcher took what it was told; what it throws is logged. */
    private boolean tell(Watcher watcher, Consumer<HeadWatch> word) {
        try {
            word.accept(watcher.watch());
            return true;
        } catch (RuntimeException e) {
            log.warn("shard {}: a watcher of its heads failed; it is told nothing more", identity.id(), e);
            return false;
        }
    }

    /** Ends a watch that missed a change: left open, what its watcher keeps would grow old unnoticed. */
    private void drop(Watcher watcher) {
        remove(watcher);
        var why = new TintypeException(
                Reason.UNAVAILABLE,
                "a change of the heads of shard " + identity.id() + " could not be told; watch again");
        try {
            watcher.watch().ended(why);
        } catch (RuntimeException e) {
            log.debug("shard {}: nor could the watcher be told that its watch is over", identity.id(), e);
        }
    }

    private void remember(List<HeadWatch.Told> changes) {
        recent.addAll(changes);
        while (recent.size() > ShardLimits.HEADS_REMEMBERED) {
            rememberedAfter = recent.remove().seq();
        }
    }

    /** The replica leads no longer, or is closed. */
    void end(TintypeException why) {
        List<Watcher> all;
        synchronized (this) {
            all = List.copyOf(watchers);
            watchers.clear();
        }
        all.forEach(watcher -> tell(watcher, watch -> watch.ended(why)));
    }
}
