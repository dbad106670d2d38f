// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.Retries;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The way of one request to the node that can serve it, over as many attempts as it takes and time allows.
 *
 * <p>Used by one request: {@link #first}, then {@link #next} after each failed attempt, one at a time. Futures fail with the
 * {@link TintypeException} to answer the caller with.
 */
public final class Route {
    /** Hints that are followed without a pause in between, so that nodes that contradict each other cannot spin us. */
    private static final int HOPS_WITHOUT_PAUSE = 3;

    private static final long LONGEST_PAUSE_MS = 500;
    private static final int DOUBLINGS = 5;
    private static final long PATIENCE_MS = 250;

    private final UserRouter router;
    private final DirectoryClient directory;
    private final HomeMaker homes;
    private final UserId user;
    private final Kind kind;
    private final Deadline deadline;
    private final Set<String> tried = new HashSet<>();
    private int rounds;
    private int failures;

    /** What a request does, as far as its way is concerned. */
    enum Kind {
        /** Reads from the primary. */
        READ,
        /** Reads from any replica. */
        READ_ANYWHERE,
        /** Changes something, which only the primary can. */
        CHANGE
    }

    Route(UserRouter router, DirectoryClient directory, HomeMaker homes, UserId user, Kind kind, Deadline deadline) {
        this.router = router;
        this.directory = directory;
        this.homes = homes;
        this.user = user;
        this.kind = kind;
        this.deadline = deadline;
    }

    /** Until when attempts are made. */
    public Deadline deadline() {
        return deadline;
    }

    /**
     * How long an attempt may be silent before another server is to be asked instead; empty: as long as it takes. Only where
     * any replica may answer; longer with each round through all of them, for they may just be slow.
     */
    public OptionalLong patienceMs() {
        return kind == Kind.READ_ANYWHERE
                ? OptionalLong.of(PATIENCE_MS << Math.min(rounds, DOUBLINGS))
                : OptionalLong.empty();
    }

    /** Where to send the first attempt. */
    public CompletableFuture<Target> first() {
        return resolve();
    }

    /**
     * Where to send the next attempt after one failed; fails where no attempt can help or the time is up.
     *
     * @param asked where the failed attempt was sent
     * @param failure how it failed
     */
    public CompletableFuture<Target> next(Target asked, TintypeException failure) {
        failures++;
        if (kind == Kind.READ_ANYWHERE && (failure.reason().isTransient() || isHint(failure))) {
            return elsewhere(asked, failure);
        }
        return switch (failure.reason()) {
            case NOT_PRIMARY -> {
                boolean led = router.learn(asked, failure);
                yield led && failures <= HOPS_WITHOUT_PAUSE ? resolve() : later(failure, this::resolve);
            }
            case WRONG_SHARD -> {
                directory.invalidate(user, asked.home());
                yield failures <= HOPS_WITHOUT_PAUSE ? resolve() : later(failure, this::resolve);
            }
            case SHARD_FULL ->
                kind == Kind.CHANGE
                        ? homes.rehome(user, asked.home(), deadline).thenApply(router::target)
                        : CompletableFuture.failedFuture(failure);
            default -> {
                if (!failure.reason().isTransient()) {
                    yield CompletableFuture.failedFuture(failure);
                }
                router.forgetHint(asked);
                yield later(failure, this::resolve);
            }
        };
    }

    private CompletableFuture<Target> resolve() {
        return home().thenApply(this::target).exceptionallyCompose(failure -> {
            var cause = Errors.fromWire(failure);
            if (!cause.reason().isTransient()) {
                return CompletableFuture.failedFuture(cause);
            }
            failures++;
            return later(cause, this::resolve);
        });
    }

    private Target target(UserHome home) {
        return kind == Kind.READ_ANYWHERE
                ? router.nearest(home, tried).orElseGet(() -> router.target(home))
                : router.target(home);
    }

    /** Another replica at once; once all were asked, all of them again after a pause. */
    private CompletableFuture<Target> elsewhere(Target asked, TintypeException failure) {
        if (failure.reason() == Reason.WRONG_SHARD) {
            directory.invalidate(user, asked.home());
            return failures <= HOPS_WITHOUT_PAUSE ? resolve() : later(failure, this::resolve);
        }
        if (failure.reason() == Reason.UNAVAILABLE) {
            router.silent(asked.address());
        }
        tried.add(asked.address());
        var next = router.nearest(asked.home(), tried);
        if (next.isPresent()) {
            return CompletableFuture.completedFuture(next.get());
        }
        tried.clear();
        rounds++;
        return later(failure, this::resolve);
    }

    private static boolean isHint(TintypeException failure) {
        return failure.reason() == Reason.NOT_PRIMARY || failure.reason() == Reason.WRONG_SHARD;
    }

    private CompletableFuture<UserHome> home() {
        var known = directory.lookup(user);
        if (kind != Kind.CHANGE) {
            return known;
        }
        return known.exceptionallyCompose(failure -> Errors.fromWire(failure).reason() == Reason.USER_NOT_FOUND
                ? homes.register(user, deadline)
                : CompletableFuture.failedFuture(failure));
    }

    private CompletableFuture<Target> later(TintypeException cause, Supplier<CompletableFuture<Target>> step) {
        long pauseMs = Retries.pauseMs(cause, failures);
        if (deadline.timeRemaining(TimeUnit.MILLISECONDS) <= pauseMs) {
            return CompletableFuture.failedFuture(forCaller(cause));
        }
        var pause = CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS);
        return CompletableFuture.runAsync(() -> {}, pause).thenCompose(paused -> step.get());
    }

    /** A caller of a coordinator can do nothing about who leads what: to him there was no primary in time. */
    public static TintypeException forCaller(TintypeException cause) {
        if (!isHint(cause)) {
            return cause;
        }
        return new TintypeException(
                Reason.NO_PRIMARY,
                "The node that leads the user's shard was not found in time; last answer: " + cause.getMessage(),
                Map.of(),
                Duration.ofMillis(LONGEST_PAUSE_MS),
                cause);
    }
}
