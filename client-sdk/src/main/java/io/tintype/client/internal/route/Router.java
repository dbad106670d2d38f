// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Coordinators;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the way of a request: straight to the shard's primary where map and home are known, else through a coordinator;
 * follows the hints of those who are not responsible, and changes the way when one fails. Thread-safe.
 *
 * <p>One {@link #attempt} makes up to {@value #MAX_HOPS} tries and none twice at the same address for the same reason; what
 * it cannot reach, a later attempt may.
 */
public final class Router {
    private static final int MAX_HOPS = 12;

    private final boolean direct;
    private final Coordinators coordinators;
    private final Homes homes;
    private final Primaries primaries;

    /** With {@code direct} false everything goes through coordinators. */
    public Router(boolean direct, Coordinators coordinators, Homes homes, Primaries primaries) {
        this.direct = direct;
        this.coordinators = coordinators;
        this.homes = homes;
        this.primaries = primaries;
    }

    /**
     * Sends a request to where it belongs.
     *
     * @param send makes one try; fails with {@link CallFailure}. What it throws of any other kind ends the attempt
     * @return fails with {@link CallFailure} of the last try
     */
    public <T> CompletableFuture<T> attempt(Route route, Function<Target, CompletableFuture<T>> send) {
        return new Attempt<>(route, send).begin();
    }

    /**
     * Another server for a read whose first one is slow: a replica that may answer, or a coordinator.
     *
     * @param tried addresses asked already
     */
    public Optional<Target> alternative(Route route, int shard, Set<String> tried) {
        return follower(route, shard, tried)
                .or(() -> coordinators
                        .nextAnswering(tried)
                        .map(address -> new Target(address, shard, Target.Kind.COORDINATOR)));
    }

    /** A server was asked and another one answered first: for a while it is asked last. */
    public void slow(Target target) {
        if (target.kind() != Target.Kind.COORDINATOR) {
            primaries.silent(target.address());
        }
    }

    /** The replica nearest to this process, where that is not the primary itself; empty too where nothing is known. */
    public Optional<Target> nearerThanPrimary(String user) {
        int shard = direct ? homes.known(user).orElse(0) : 0;
        var nearest = primaries.replicas(shard).stream().findFirst();
        var leader = primaries.primary(shard).map(Primaries.Leader::address);
        return nearest.filter(address -> leader.isPresent() && !leader.get().equals(address))
                .map(address -> new Target(address, shard, Target.Kind.FOLLOWER));
    }

    private Optional<Target> follower(Route route, int shard, Set<String> without) {
        return direct && route.followersMayServe() ? replica(shard, without, Target.Kind.FOLLOWER) : Optional.empty();
    }

    private Optional<Target> replica(int shard, Set<String> without, Target.Kind kind) {
        return primaries.replicas(shard).stream()
                .filter(address -> !without.contains(address))
                .findFirst()
                .map(address -> new Target(address, shard, kind));
    }

    private final class Attempt<T> {
        private final Route route;
        private final Function<Target, CompletableFuture<T>> send;
        private final Set<String> failed = new HashSet<>();
        private int hops;

        Attempt(Route route, Function<Target, CompletableFuture<T>> send) {
            this.route = route;
            this.send = send;
            failed.addAll(route.avoid());
        }

        CompletableFuture<T> begin() {
            if (!direct || primaries.isEmpty()) {
                int shard = homes.known(route.user()).orElse(0);
                var coordinator = coordinator(shard, coordinators.next(failed));
                if (coordinator.isPresent()) {
                    return tryAt(coordinator.get());
                }
            }
            return locate(null);
        }

        private CompletableFuture<T> locate(@Nullable CallFailure last) {
            return homes.find(route.user(), route.change(), route.op())
                    .thenCompose(shard -> choose(shard)
                            .map(this::tryAt)
                            .orElseGet(() ->
                                    CompletableFuture.failedFuture(last != null ? unsettled(last) : nowhere(shard))));
        }

        private Optional<Target> choose(int shard) {
            var leader = direct
                    ? primaries.primary(shard).filter(known -> !failed.contains(known.address()))
                    : Optional.<Primaries.Leader>empty();
            var primary = leader.map(known -> new Target(known.address(), shard, Target.Kind.PRIMARY));
            boolean promising = leader.isPresent()
                    && leader.get().live()
                    && !primaries.isSilent(leader.get().address());
            return follower(route, shard, failed)
                    .or(() -> promising ? primary : Optional.empty())
                    .or(() -> coordinator(shard, coordinators.nextAnswering(failed)))
                    .or(() -> primary)
                    .or(() -> whoeverKnows(shard))
                    .or(() -> coordinator(shard, coordinators.next(failed)));
        }

        /**
         * Another replica of the shard: it need not lead, but knows who does better than anyone else does. By this the
         * failover goes on while no coordinator can be reached.
         */
        private Optional<Target> whoeverKnows(int shard) {
            return direct ? replica(shard, failed, Target.Kind.PRIMARY) : Optional.empty();
        }

        private Optional<Target> coordinator(int shard, Optional<String> address) {
            return address.map(known -> new Target(known, shard, Target.Kind.COORDINATOR));
        }

        private CompletableFuture<T> tryAt(Target target) {
            hops++;
            CompletableFuture<T> result;
            try {
                result = send.apply(target);
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
            boolean found = hops > 1 && route.change() && target.kind() == Target.Kind.PRIMARY;
            var known = found
                    ? result.whenComplete((answer, thrown) -> {
                        if (thrown == null) {
                            primaries.leads(target.shard(), target.address());
                        }
                    })
                    : result;
            return known.exceptionallyCompose(thrown -> CallFailure.isOne(thrown)
                    ? after(target, CallFailure.of(thrown))
                    : CompletableFuture.failedFuture(CallFailure.unwrap(thrown)));
        }

        private CompletableFuture<T> after(Target target, CallFailure failure) {
            if (hops >= MAX_HOPS || route.op().isCancelled()) {
                return CompletableFuture.failedFuture(isHint(failure) ? unsettled(failure) : failure);
            }
            return switch (failure.reason()) {
                case NOT_PRIMARY -> notPrimary(target, failure);
                case WRONG_SHARD -> wrongShard(failure);
                case FRESHNESS_UNPROVEN, NO_PRIMARY, CORRUPT_DATA -> elsewhere(target, failure, false);
                case UNAVAILABLE -> elsewhere(target, failure, failure.isUnreachable());
                case USER_NOT_FOUND, SHARD_FULL -> homeless(target, failure);
                default -> CompletableFuture.failedFuture(failure);
            };
        }

        private CompletableFuture<T> notPrimary(Target target, CallFailure failure) {
            int shard = shardOf(failure.failure()).orElse(target.shard());
            failed.add(target.address());
            var next = primaries
                    .learn(shard, failure.failure())
                    .filter(address -> direct && !failed.contains(address))
                    .map(address -> new Target(address, shard, Target.Kind.PRIMARY))
                    .or(() -> choose(shard));
            return next.map(this::tryAt).orElseGet(() -> CompletableFuture.failedFuture(unsettled(failure)));
        }

        private CompletableFuture<T> wrongShard(CallFailure failure) {
            shardOf(failure.failure())
                    .ifPresentOrElse(shard -> homes.learn(route.user(), shard), () -> homes.forget(route.user()));
            return locate(failure);
        }

        /** A user whom the node does not know, or has no room for: a coordinator gives him a home, or says why there is none. */
        private CompletableFuture<T> homeless(Target target, CallFailure failure) {
            if (!route.change() || target.kind() == Target.Kind.COORDINATOR) {
                return CompletableFuture.failedFuture(failure);
            }
            homes.forget(route.user());
            failed.add(target.address());
            return locate(failure);
        }

        private CompletableFuture<T> elsewhere(Target target, CallFailure failure, boolean unreachable) {
            failed.add(target.address());
            if (unreachable) {
                if (target.kind() == Target.Kind.COORDINATOR) {
                    coordinators.failed(target.address());
                } else {
                    primaries.silent(target.address());
                    primaries.forget(target.shard(), target.address());
                }
            } else if (target.kind() == Target.Kind.COORDINATOR) {
                // It has tried everything that we could try.
                return CompletableFuture.failedFuture(failure);
            }
            int shard = target.shard() > 0
                    ? target.shard()
                    : homes.known(route.user()).orElse(0);
            return choose(shard).map(this::tryAt).orElseGet(() -> CompletableFuture.failedFuture(failure));
        }

        private CallFailure nowhere(int shard) {
            return CallFailure.of(
                    Reason.UNAVAILABLE,
                    "nobody can be reached who serves shard " + shard + " of user '" + route.user()
                            + "'; check the coordinators' addresses and the network");
        }
    }

    private static boolean isHint(CallFailure failure) {
        return failure.reason() == Reason.NOT_PRIMARY || failure.reason() == Reason.WRONG_SHARD;
    }

    /** A hint that leads nowhere: an election or a move is under way, which passes. */
    private static CallFailure unsettled(CallFailure hint) {
        return CallFailure.of(new TintypeException(
                hint.reason() == Reason.NOT_PRIMARY ? Reason.NO_PRIMARY : Reason.USER_MOVING,
                "no node that can be reached answers for the user at the moment: " + hint.getMessage(),
                hint.failure().details(),
                null,
                hint));
    }

    private static Optional<Integer> shardOf(TintypeException hint) {
        @Nullable String text = hint.details().get(TintypeException.SHARD);
        try {
            return text == null
                    ? Optional.empty()
                    : Optional.of(Integer.parseInt(text)).filter(shard -> shard > 0);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
