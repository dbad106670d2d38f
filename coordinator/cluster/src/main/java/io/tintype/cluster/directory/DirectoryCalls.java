// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Calls the directory shard of a user: decides which of its replicas, when, and for how long. Thread-safe; never
 * blocks; keeps no state. Of what is asked it knows only that all of it may be repeated without harm.
 */
final class DirectoryCalls {
    /** How long one try may take: after that another, perhaps of a new primary, may still be in time. */
    private static final Duration ONE_TRY = Duration.ofSeconds(2);

    /** The other replicas are asked after this time without an answer of the primary. */
    private static final Duration PATIENCE = Duration.ofMillis(150);

    private final DirectoryLocator locator;
    private final ChannelSource channels;

    /** Over a locator and channels that outlive this object. */
    DirectoryCalls(DirectoryLocator locator, ChannelSource channels) {
        this.locator = locator;
        this.channels = channels;
    }

    /**
     * Calls the primary, finds a new one when that changes, and repeats until the deadline.
     *
     * @param request what to send to a place; made anew for every try
     * @return fails with the last try's {@link io.tintype.model.TintypeException}
     */
    <Q, A> CompletableFuture<A> toPrimary(
            UserId user,
            Deadline deadline,
            MethodDescriptor<Q, A> method,
            Function<DirectoryLocator.Place, Q> request) {
        return Retries.run(
                deadline,
                attempt -> locator.locate(user, attempt > 0)
                        .thenCompose(place -> send(place, method, request.apply(place), deadline)));
    }

    /** Calls one replica once, for no longer than one try may take. Fails with what gRPC reports. */
    <Q, A> CompletableFuture<A> send(
            DirectoryLocator.Place place, MethodDescriptor<Q, A> method, Q request, Deadline deadline) {
        return UnaryCalls.start(
                channels.to(place.peerAddress()),
                method,
                CallOptions.DEFAULT.withDeadline(
                        deadline.minimum(Deadline.after(ONE_TRY.toMillis(), TimeUnit.MILLISECONDS))),
                request);
    }

    /**
     * Has each replica of the user's shard that can be found asked once, if the answer is not there after a while.
     *
     * @param answer what the primary was asked for
     * @param ask asks one replica; must not block
     */
    void whileSilent(UserId user, CompletableFuture<?> answer, Consumer<DirectoryLocator.Place> ask) {
        var replicas = locator.replicas(user);
        if (!replicas.isEmpty()) {
            var later = CompletableFuture.delayedExecutor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            later.execute(() -> {
                if (!answer.isDone()) {
                    replicas.forEach(ask);
                }
            });
        }
    }
}
