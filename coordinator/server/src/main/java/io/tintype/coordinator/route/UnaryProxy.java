// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Passes on calls that ask once and are answered once. Thread-safe; never blocks.
 *
 * <p>Each may be repeated: reads change nothing, and changes carry a request id. The caller's cancellation and deadline
 * reach the node.
 */
public final class UnaryProxy {
    /** How long a request looks for the right node where its caller set no deadline. */
    public static final long ROUTING_MS = 30_000;

    /**
     * The same for an upload: shorter than clients wait for a word (10 s by default), for else they hear of nothing but the
     * silence; and longer than a shard is without a primary (6 s).
     */
    public static final long ROUTING_UPLOADS_MS = 8_000;

    private final ChannelSource channels;

    /** Over channels that outlive this object. */
    public UnaryProxy(ChannelSource channels) {
        this.channels = channels;
    }

    /** The caller's deadline, or {@link #ROUTING_MS} from now where that is sooner. */
    public static Deadline deadlineOfCaller() {
        return deadlineOfCaller(ROUTING_MS);
    }

    /** The caller's deadline, or this time from now where that is sooner. */
    public static Deadline deadlineOfCaller(long mostMs) {
        var ours = Deadline.after(mostMs, TimeUnit.MILLISECONDS);
        var theirs = Context.current().getDeadline();
        return theirs == null ? ours : ours.minimum(theirs);
    }

    /**
     * Passes on a read.
     *
     * @param request makes the request for a shard
     */
    public <Q, A> CompletableFuture<A> read(Route route, MethodDescriptor<Q, A> method, Function<ShardId, Q> request) {
        return new Call<>(route, method, request, false, Duration.ZERO).begin();
    }

    /** Passes on a change: where it may have been made although no answer came, the reason is OUTCOME_UNKNOWN. */
    public <Q, A> CompletableFuture<A> change(
            Route route, MethodDescriptor<Q, A> method, Function<ShardId, Q> request) {
        return change(route, method, request, Duration.ZERO);
    }

    /** The same for a change that the node answers so much later than it could. */
    public <Q, A> CompletableFuture<A> change(
            Route route, MethodDescriptor<Q, A> method, Function<ShardId, Q> request, Duration later) {
        return new Call<>(route, method, request, true, later).begin();
    }

    private final class Call<Q, A> {
        private final Context context = Context.current();
        private final Route route;
        private final MethodDescriptor<Q, A> method;
        private final Function<ShardId, Q> request;
        private final boolean change;
        private final Duration later;
        private boolean perhapsMade;

        Call(Route route, MethodDescriptor<Q, A> method, Function<ShardId, Q> request, boolean change, Duration later) {
            this.route = route;
            this.method = method;
            this.request = request;
            this.change = change;
            this.later = later;
        }

        CompletableFuture<A> begin() {
            return route.first().thenCompose(this::attempt).exceptionallyCompose(failure -> {
                var cause = Route.forCaller(Errors.fromWire(failure));
                return CompletableFuture.failedFuture(perhapsMade ? unknown(cause) : cause);
            });
        }

        private CompletableFuture<A> attempt(Target target) {
            long longest = GrpcLimits.UNARY_DEADLINE.plus(later).toMillis();
            var oneTry = Deadline.after(route.patienceMs().orElse(longest), TimeUnit.MILLISECONDS);
            var options = CallOptions.DEFAULT.withDeadline(oneTry.minimum(route.deadline()));
            var attached = context.attach();
            CompletableFuture<A> answer;
            try {
                answer =
                        UnaryCalls.start(channels.to(target.address()), method, options, request.apply(target.shard()));
            } finally {
                context.detach(attached);
            }
            return answer.exceptionallyCompose(failure -> {
                var cause = Errors.fromWire(failure);
                perhapsMade |= change && mayHaveBeenMade(cause.reason());
                if (context.isCancelled()) {
                    return CompletableFuture.failedFuture(cause);
                }
                return route.next(target, cause).thenCompose(this::attempt);
            });
        }
    }

    /** Whether a change that failed so may have been made all the same. */
    public static boolean mayHaveBeenMade(Reason reason) {
        return reason == Reason.UNAVAILABLE || reason == Reason.OUTCOME_UNKNOWN;
    }

    /**
     * What to answer for a change that an attempt may have made: how the last attempt failed, where that {@link
     * Reason#rulesOutEarlierTries}, and else that nobody knows.
     */
    public static TintypeException unknown(TintypeException last) {
        if (last.reason().rulesOutEarlierTries()) {
            return last;
        }
        return new TintypeException(
                Reason.OUTCOME_UNKNOWN,
                "Whether the change was made is not known: " + last.getMessage()
                        + " Repeat it with the same request id to settle it.",
                Map.of(),
                last.retryAfter().orElse(null),
                last);
    }
}
