// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.PinnedState;
import io.tintype.storage.replica.Member;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * States of replicas that are kept to be digested, for a minute at most, and those who wait for one. Thread-safe.
 *
 * <p>Always: after {@link #close} nothing is kept, and nobody waits.
 */
final class StatePins implements AutoCloseable {
    private static final long WAIT_MS = 1_000;
    private static final long LIFE_MS = 60_000;

    /** Runs something short right behind a record of a replica, or at once if that is applied already. */
    interface Behind {
        void run(long sequence, Runnable reached);
    }

    private final ShardThreads threads;
    private final SecureRandom random = new SecureRandom();

    // All of these only under this object's lock; a pin has its name as soon as it is waited for.
    private final Map<Long, PinnedState> kept = new HashMap<>();
    private final Map<Long, CompletableFuture<HostReports.Pinned>> waiting = new HashMap<>();
    private boolean closed;

    StatePins(ShardThreads threads) {
        this.threads = threads;
    }

    /**
     * Keeps a state right behind a record, or, where that is not applied within a second, as it is then. Fails with OVERLOADED,
     * or UNAVAILABLE where the node stops.
     *
     * @param sequence the record; 0: as it is now
     * @param state takes the state; blocks for a moment
     */
    CompletableFuture<HostReports.Pinned> pin(
            Member member, long sequence, Behind behind, Supplier<PinnedState> state) {
        var pinned = new CompletableFuture<HostReports.Pinned>();
        long name = random.nextLong() | 1;
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(stopping());
            }
            if (kept.size() + waiting.size() >= HostReports.PINS) {
                return CompletableFuture.failedFuture(new TintypeException(
                        Reason.OVERLOADED,
                        "this node keeps " + HostReports.PINS + " states already, or is about to; ask again later"));
            }
            waiting.put(name, pinned);
        }
        var once = new AtomicBoolean();
        Runnable take = () -> {
            if (once.compareAndSet(false, true)) {
                take(name, member, state, pinned);
            }
        };
        behind.run(sequence, take);
        threads.later(WAIT_MS, take);
        return pinned;
    }

    private void take(
            long name, Member member, Supplier<PinnedState> from, CompletableFuture<HostReports.Pinned> pinned) {
        PinnedState state;
        try {
            state = from.get();
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                waiting.remove(name);
            }
            pinned.completeExceptionally(e);
            return;
        }
        boolean wanted;
        synchronized (this) {
            wanted = waiting.remove(name) != null;
            if (wanted) {
                kept.put(name, state);
            }
        }
        if (!wanted) {
            state.close(); // this was closed meanwhile, and whoever waited was told so
            return;
        }
        threads.later(LIFE_MS, () -> drop(name));
        pinned.complete(new HostReports.Pinned(name, state.at().seq(), member));
    }

    /** Hands a state over, to be closed by the caller; empty: there is no such one any more. */
    synchronized Optional<PinnedState> remove(long pin) {
        return Optional.ofNullable(kept.remove(pin));
    }

    /** Gives a state up that nobody will digest. */
    void drop(long pin) {
        remove(pin).ifPresent(PinnedState::close);
    }

    @Override
    public void close() {
        List<PinnedState> states;
        List<CompletableFuture<HostReports.Pinned>> left;
        synchronized (this) {
            closed = true;
            states = new ArrayList<>(kept.values());
            left = new ArrayList<>(waiting.values());
            kept.clear();
            waiting.clear();
        }
        states.forEach(PinnedState::close);
        left.forEach(pinned -> pinned.completeExceptionally(stopping()));
    }

    private static TintypeException stopping() {
        return new TintypeException(Reason.UNAVAILABLE, "the node is stopping");
    }
}
