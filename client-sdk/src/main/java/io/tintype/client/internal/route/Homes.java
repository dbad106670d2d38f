// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Coordinators;
import io.tintype.client.internal.net.Op;
import io.tintype.model.Reason;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.UsersGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Which shard each user lives on, as far as this client has asked. Bounded; entries are hints that servers correct.
 * Thread-safe.
 */
public final class Homes {
    /** Most users remembered. */
    static final int MAX_USERS = 100_000;

    private static final Duration IDLE = Duration.ofHours(1);

    private final Coordinators coordinators;
    private final Cache<String, Integer> shards;
    private final ConcurrentHashMap<String, CompletableFuture<Integer>> asking = new ConcurrentHashMap<>();

    public Homes(Coordinators coordinators, Executor executor) {
        this.coordinators = coordinators;
        shards = Caffeine.newBuilder()
                .maximumSize(MAX_USERS)
                .expireAfterAccess(IDLE)
                .executor(executor)
                .build();
    }

    /** The shard, if it was asked for before. */
    public Optional<Integer> known(String user) {
        return Optional.ofNullable(shards.getIfPresent(user));
    }

    /**
     * The shard; asks a coordinator where it is not known, once for all who wait.
     *
     * @param register whether an unknown user is registered by this, in the coordinator's region and default tier
     * @return fails with {@link CallFailure}, USER_NOT_FOUND for one
     */
    public CompletableFuture<Integer> find(String user, boolean register, Op op) {
        var known = shards.getIfPresent(user);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        var found = ask(user, op, false);
        if (!register) {
            return found;
        }
        return found.exceptionallyCompose(thrown -> {
            var failure = CallFailure.of(thrown);
            return failure.reason() == Reason.USER_NOT_FOUND
                    ? register(user, op)
                    : CompletableFuture.failedFuture(failure);
        });
    }

    private CompletableFuture<Integer> ask(String user, Op op, boolean again) {
        var mine = new CompletableFuture<Integer>();
        var others = asking.putIfAbsent(user, mine);
        if (others != null) {
            return again ? others : orAskAgain(user, others, op);
        }
        // The caller's own cancellation must not fail those who wait with him.
        var lookup = new Op("LookupUser", null, Duration.ofNanos(Math.max(1, op.remainingNanos())));
        CompletableFuture<Integer> answer;
        try {
            answer = lookup(user, lookup);
        } catch (RuntimeException | Error e) { // it must not stand in the way of all who come after
            answer = CompletableFuture.failedFuture(e);
        }
        var unused = answer.whenComplete((shard, thrown) -> {
            asking.remove(user, mine);
            if (thrown == null) {
                learn(user, shard);
                mine.complete(shard);
            } else {
                mine.completeExceptionally(CallFailure.unwrap(thrown));
            }
        });
        return mine;
    }

    /**
     * A question that others posed may be older than the user, whose first write was acknowledged before this caller came.
     * One that is under way once theirs is answered is not.
     */
    private CompletableFuture<Integer> orAskAgain(String user, CompletableFuture<Integer> others, Op op) {
        return others.exceptionallyCompose(thrown -> {
            var failure = CallFailure.of(thrown);
            if (failure.reason() != Reason.USER_NOT_FOUND) {
                return CompletableFuture.failedFuture(failure);
            }
            var known = shards.getIfPresent(user);
            return known != null ? CompletableFuture.completedFuture(known) : ask(user, op, true);
        });
    }

    /** A server said where a user lives. */
    public void learn(String user, int shard) {
        shards.put(user, shard);
    }

    /** What was known of a user turned out to be wrong. */
    public void forget(String user) {
        shards.invalidate(user);
    }

    private CompletableFuture<Integer> lookup(String user, Op op) {
        return coordinators
                .call(
                        UsersGrpc.getLookupUserMethod(),
                        op,
                        LookupUserRequest.newBuilder()
                                .setUser(user)
                                .setHint(true)
                                .build())
                .thenApply(answer -> answer.getUser().getShard());
    }

    private CompletableFuture<Integer> register(String user, Op op) {
        return coordinators
                .call(
                        UsersGrpc.getRegisterUserMethod(),
                        op,
                        RegisterUserRequest.newBuilder().setUser(user).build())
                .thenApply(answer -> {
                    int shard = answer.getUser().getShard();
                    learn(user, shard);
                    return shard;
                });
    }
}
