// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.model.UserId;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveState;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which moves of users are under way and how far they are, for people who look at a page. The shards are asked only while
 * somebody looks, and no more often than every {@link #LOOK_EVERY}, however many do. Thread-safe; never blocks: what was not
 * asked for yet is told at the next look.
 */
public final class MoveWatch {
    /** Moves of which is told how far they are: the targets of so many are asked at a look. */
    public static final int MOST_SHOWN = 20;

    /** The answers to one look serve all who look within this time. */
    static final Duration LOOK_EVERY = Duration.ofSeconds(2);

    /** What was seen longer ago is told to nobody. */
    static final Duration STALE = Duration.ofSeconds(10);

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Function<Deadline, CompletableFuture<ListMovesResponse>> list;
    private final BiFunction<UserId, Deadline, CompletableFuture<Move>> get;
    private final LongSupplier nanoTime;
    private final AtomicBoolean asking = new AtomicBoolean();
    private volatile @Nullable Look last;

    /**
     * What there was to see.
     *
     * @param underWay how many moves there are, counting {@link MoveLists#MOST} of each directory shard at most
     * @param more whether there are more than were counted
     * @param oldest how far those are that began first, {@link #MOST_SHOWN} at most
     */
    public record Seen(int underWay, boolean more, List<Move> oldest) {
        public Seen {
            oldest = List.copyOf(oldest);
        }
    }

    private record Look(Seen seen, long atNanos) {}

    /** Looks through these moves. */
    public MoveWatch(Moves moves) {
        this(deadline -> moves.list(ListMovesRequest.getDefaultInstance(), deadline), moves::get, System::nanoTime);
    }

    MoveWatch(
            Function<Deadline, CompletableFuture<ListMovesResponse>> list,
            BiFunction<UserId, Deadline, CompletableFuture<Move>> get,
            LongSupplier nanoTime) {
        this.list = list;
        this.get = get;
        this.nanoTime = nanoTime;
    }

    /** What was seen lately; empty: nobody has looked for a while, or the directory cannot be asked. */
    public Optional<Seen> latest() {
        long now = nanoTime.getAsLong();
        var known = last;
        if ((known == null || now - known.atNanos() >= LOOK_EVERY.toNanos()) && asking.compareAndSet(false, true)) {
            var unused = look().whenComplete((seen, failure) -> {
                if (failure == null) {
                    last = new Look(seen, nanoTime.getAsLong());
                }
                asking.set(false);
            });
            known = last;
        }
        return Optional.ofNullable(known)
                .filter(look -> now - look.atNanos() < STALE.toNanos())
                .map(Look::seen);
    }

    private CompletableFuture<Seen> look() {
        var deadline = Deadline.after(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        return CompletableFuture.completedFuture(deadline).thenCompose(list).thenCompose(all -> {
            var shown = all.getMovesList().stream()
                    .sorted(Comparator.comparingLong(Move::getSinceMs))
                    .limit(MOST_SHOWN)
                    .map(move -> get.apply(UserId.of(move.getUser().getId()), deadline)
                            .exceptionally(failure -> move))
                    .toList();
            return CompletableFuture.allOf(shown.toArray(CompletableFuture<?>[]::new))
                    .thenApply(done -> seen(
                            all.getMovesCount(),
                            all.getMore(),
                            shown.stream().map(CompletableFuture::join).toList()));
        });
    }

    /** Those that ended between the list and the look at them are no more under way. */
    private static Seen seen(int listed, boolean more, List<Move> asked) {
        var going = asked.stream()
                .filter(move -> move.getState() != MoveState.MOVE_STATE_NONE)
                .toList();
        return new Seen(listed - (asked.size() - going.size()), more, going);
    }
}
