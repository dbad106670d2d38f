// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/**
 * Where users live by earlier answers of the directory, and the questions under way after those of whom there is none.
 * Thread-safe; never blocks.
 *
 * <p>All of it is a hint. No more than {@link #MOST_USERS} are remembered, each for {@link #MOST_TIME} after his last
 * answer; none replaces one of a higher generation. After each user one question is under way at a time, at most.
 */
final class RememberedHomes {
    /** Most users remembered. */
    static final int MOST_USERS = 100_000;

    /** For how long, at most. */
    static final Duration MOST_TIME = Duration.ofMinutes(10);

    private final ConcurrentMap<UserId, UserHome> remembered = Caffeine.newBuilder()
            .maximumSize(MOST_USERS)
            .expireAfterWrite(MOST_TIME)
            .<UserId, UserHome>build()
            .asMap();
    /** Questions under way; no more than there are callers waiting. */
    private final ConcurrentMap<UserId, CompletableFuture<UserHome>> asking = new ConcurrentHashMap<>();

    /** Where the user lives, if that is remembered. */
    Optional<UserHome> get(UserId user) {
        return Optional.ofNullable(remembered.get(user));
    }

    /**
     * Where the user lives, as remembered; else by the question, which of several callers at a time one asks. Whoever
     * poses the question has its answer {@linkplain #remember remembered}. That there is no such user is only told of a
     * question that was posed after the call: an older one may be older than the user, too.
     *
     * @return a future of the caller's own; fails as the question does, with {@link io.tintype.model.TintypeException}
     */
    CompletableFuture<UserHome> getOrAsk(UserId user, Supplier<CompletableFuture<UserHome>> question) {
        return getOrAsk(user, question, false);
    }

    private CompletableFuture<UserHome> getOrAsk(
            UserId user, Supplier<CompletableFuture<UserHome>> question, boolean again) {
        var known = remembered.get(user);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        var mine = new CompletableFuture<UserHome>();
        var first = asking.putIfAbsent(user, mine);
        if (first != null) {
            return again
                    ? first.copy()
                    : first.exceptionallyCompose(
                            failure -> Errors.fromWire(failure).reason() == Reason.USER_NOT_FOUND
                                    ? getOrAsk(user, question, true)
                                    : CompletableFuture.failedFuture(failure));
        }
        CompletableFuture<UserHome> answer;
        try {
            answer = question.get();
        } catch (RuntimeException | Error e) { // it must not stand in the way of all who come after
            answer = CompletableFuture.failedFuture(e);
        }
        var unused = answer.whenComplete((home, failure) -> {
            asking.remove(user, mine);
            if (failure == null) {
                mine.complete(home);
            } else {
                mine.completeExceptionally(Errors.fromWire(failure));
            }
        });
        return mine.copy();
    }

    /** Takes an answer in, unless one of a higher generation is known; yields what is remembered then. */
    UserHome remember(UserId user, UserHome home) {
        return remembered.merge(user, home, (known, news) -> news.generation() >= known.generation() ? news : known);
    }

    /** Takes an entry in, or forgets the user where he is erased; yields the entry. */
    DirectoryEntry learn(UserId user, DirectoryEntry entry) {
        if (entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED) {
            remembered.remove(user);
        } else {
            remember(user, UserHome.of(entry));
        }
        return entry;
    }

    /** Forgets what is known of a user, unless it is of a higher generation than what turned out wrong. */
    void forget(UserId user, UserHome wrong) {
        remembered.computeIfPresent(user, (key, home) -> home.generation() > wrong.generation() ? home : null);
    }
}
