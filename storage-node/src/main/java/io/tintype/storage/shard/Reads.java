// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.VersionedConfig;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Proves how fresh reads are. A linearizable read takes two looks at what the loop published and no hop to it: before
 * the value, that this replica leads and has applied all that was ever acknowledged; after it, that it leads still, in
 * the same epoch, and nobody else can. Only without a lease does it ask ZooKeeper, once for all reads that wait.
 *
 * <p>Thread-safe.
 */
final class Reads {
    private final ShardIdentity identity;
    private final NodeId self;
    private final Board board;
    private final Clock clock;
    private final ShardMetrics metrics;
    private final SharedRead configRead;

    /** Runs something on the loop, with the core and the reads that wait. */
    interface OnLoop {
        void run(BiConsumer<ReplicaCore, WaitingReads> task);
    }

    private final OnLoop loop;

    Reads(ShardContext context, ShardIdentity identity, Board board, ConfigActions configs, OnLoop loop) {
        this.identity = identity;
        this.self = context.self();
        this.board = board;
        this.clock = context.clock();
        this.metrics = context.metrics();
        this.configRead = new SharedRead(configs::read);
        this.loop = loop;
    }

    CompletableFuture<ReadPoint> begin(ReadDemand demand) {
        if (demand instanceof ReadDemand.Session session) {
            return beginSession(session);
        }
        if (demand instanceof ReadDemand.BoundedStaleness bounded) {
            return beginBounded(bounded);
        }
        if (demand instanceof ReadDemand.AnyState) {
            int emptied = board.emptied; // before it is asked whether anything is here
            return board.whole
                    ? CompletableFuture.completedFuture(new ReadPoint(demand, 0, 0, 0, emptied))
                    : CompletableFuture.failedFuture(
                            Refusals.unproven(identity.id(), "this replica is being rebuilt from its peers"));
        }
        long epoch = board.servingEpoch;
        return epoch == 0
                ? CompletableFuture.failedFuture(Refusals.notLeading(board.status))
                : CompletableFuture.completedFuture(new ReadPoint(demand, epoch, 0, 0, board.emptied));
    }

    CompletableFuture<Freshness> confirm(ReadPoint point) {
        if (point.epoch() == 0) {
            return board.whole && board.emptied == point.emptied()
                    ? CompletableFuture.completedFuture(new Freshness(true, point.asOfMs(), point.ageMs()))
                    : CompletableFuture.failedFuture(Refusals.unproven(
                            identity.id(), "what this replica holds was taken away while it was read"));
        }
        // The epoch is looked at last: a permit of a later epoch proves nothing about a value read before it.
        if (board.permit.isValid(clock.now()) && board.servingEpoch == point.epoch()) {
            return CompletableFuture.completedFuture(Freshness.CURRENT);
        }
        if (board.servingEpoch != point.epoch()) {
            return CompletableFuture.failedFuture(Refusals.notLeading(board.status));
        }
        metrics.leaseMissed();
        return configRead.get().handle((found, failure) -> {
            var config = found == null ? null : found.orElse(null);
            boolean confirmed = config != null
                    && board.permit.isConfirmedBy(config.config(), self)
                    && board.servingEpoch == point.epoch();
            if (!confirmed) {
                throw Refusals.unproven(identity.id(), "this primary cannot prove that it leads still");
            }
            return Freshness.CURRENT;
        });
    }

    private CompletableFuture<ReadPoint> beginSession(ReadDemand.Session demand) {
        var place = demand.atLeast();
        if (place.epoch() < 0 || place.seq() < 0 || (place.epoch() == 0) != (place.seq() == 0)) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.INVALID_ARGUMENT, "session: " + place + " is no place that a write was ever told"));
        }
        var reached = new CompletableFuture<Void>();
        var begun = new CompletableFuture<ReadPoint>();
        loop.run((core, waiting) -> waiting.await(new LogPosition(place.epoch(), place.seq()), core, reached));
        var unused = reached.orTimeout(ShardLimits.SESSION_WAIT.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> {
                    if (failure instanceof TintypeException) {
                        begun.completeExceptionally(failure);
                    } else if (failure != null) {
                        begun.completeExceptionally(Refusals.unproven(
                                identity.id(), "record " + place.seq() + " has not been applied on this replica"));
                    } else {
                        long epoch = board.servingEpoch;
                        if (board.permit.isValid(clock.now())) {
                            begun.complete(new ReadPoint(demand, epoch, 0, 0, board.emptied));
                        } else {
                            beginStale(demand, begun);
                        }
                    }
                });
        return answered(begun);
    }

    /** As old as it is; the age is told where it is known. */
    private void beginStale(ReadDemand.Session demand, CompletableFuture<ReadPoint> begun) {
        loop.run((core, waiting) -> {
            var now = clock.now();
            var age = core.stalenessNanos(now);
            long ageMs = age.isEmpty() ? 0 : TimeUnit.NANOSECONDS.toMillis(age.getAsLong()) + 1;
            if (board.whole) {
                begun.complete(
                        new ReadPoint(demand, 0, ageMs == 0 ? 0 : now.wallMillis() - ageMs, ageMs, board.emptied));
            } else {
                begun.completeExceptionally(
                        Refusals.unproven(identity.id(), "this replica is being rebuilt from its peers"));
            }
        });
        var unused = begun.orTimeout(ShardLimits.SESSION_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** A loop that says nothing any more is closing. */
    private CompletableFuture<ReadPoint> answered(CompletableFuture<ReadPoint> begun) {
        return begun.exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                failure instanceof TintypeException ? failure : Refusals.closing(identity.id())));
    }

    private CompletableFuture<ReadPoint> beginBounded(ReadDemand.BoundedStaleness demand) {
        var begun = new CompletableFuture<ReadPoint>();
        loop.run((core, waiting) -> {
            var now = clock.now();
            OptionalLong age = core.stalenessNanos(now);
            if (age.isEmpty() || age.getAsLong() > demand.atMost().toNanos()) {
                begun.completeExceptionally(Refusals.unproven(
                        identity.id(),
                        age.isEmpty()
                                ? "this replica does not hear its primary"
                                : "this replica may be " + TimeUnit.NANOSECONDS.toMillis(age.getAsLong())
                                        + " ms behind, and " + demand.atMost().toMillis() + " ms are allowed"));
            } else {
                long ageMs = TimeUnit.NANOSECONDS.toMillis(age.getAsLong()) + 1;
                begun.complete(new ReadPoint(demand, 0, now.wallMillis() - ageMs, ageMs, board.emptied));
            }
        });
        return answered(begun.orTimeout(ShardLimits.SESSION_WAIT.toMillis(), TimeUnit.MILLISECONDS));
    }

    /**
     * Reads of the configuration, shared: who asks while one is under way waits for the next one, which begins after
     * they asked.
     */
    private static final class SharedRead {
        private final Supplier<CompletableFuture<Optional<VersionedConfig>>> read;
        private boolean underWay;
        private @Nullable CompletableFuture<Optional<VersionedConfig>> next;

        SharedRead(Supplier<CompletableFuture<Optional<VersionedConfig>>> read) {
            this.read = read;
        }

        CompletableFuture<Optional<VersionedConfig>> get() {
            CompletableFuture<Optional<VersionedConfig>> mine;
            synchronized (this) {
                if (next == null) {
                    next = new CompletableFuture<>();
                }
                mine = next;
            }
            begin();
            return mine;
        }

        private void begin() {
            CompletableFuture<Optional<VersionedConfig>> now;
            synchronized (this) {
                if (underWay || next == null) {
                    return;
                }
                underWay = true;
                now = next;
                next = null;
            }
            var unused = read.get().whenComplete((found, failure) -> {
                synchronized (this) {
                    underWay = false;
                }
                if (failure != null) {
                    now.completeExceptionally(failure);
                } else {
                    now.complete(found);
                }
                begin();
            });
        }
    }
}
