// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ForceShardRequest;
import io.tintype.proto.internal.v1.ForceShardResponse;
import io.tintype.proto.internal.v1.ShardOrdersGrpc.ShardOrdersImplBase;
import io.tintype.proto.internal.v1.TransferShardRequest;
import io.tintype.proto.internal.v1.TransferShardResponse;
import io.tintype.storage.replica.OrderOutcome;
import io.tintype.storage.shard.PeerInbox;
import io.tintype.storage.shard.PeerInbox.OrderResult;
import io.tintype.storage.shard.PeerShards;
import io.tintype.storage.shard.ShardLimits;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what operators order, writes each order and what came of it to the log, and counts it. What may pass by
 * itself is tried again for {@link ShardLimits#ORDER_SECONDS}. Thread-safe; never blocks.
 */
final class OrderService extends ShardOrdersImplBase {
    private static final Logger log = LoggerFactory.getLogger(OrderService.class);
    private static final long AGAIN_MS = 100;
    private static final Duration RETRY_AFTER = Duration.ofMillis(250);

    private final PeerShards shards;
    private final Gatekeeper gatekeeper;
    private final MeterRegistry registry;

    OrderService(PeerShards shards, Gatekeeper gatekeeper, MeterRegistry registry) {
        this.shards = shards;
        this.gatekeeper = gatekeeper;
        this.registry = registry;
    }

    @Override
    public void transferShard(TransferShardRequest request, StreamObserver<TransferShardResponse> responses) {
        if (!isOfThisCluster(request.getClusterId(), responses)) {
            return;
        }
        var order = new Order("transfer", request.getShard());
        carryOut(order, responses, () -> {
            var to = request.getTo().isEmpty() ? null : new NodeId(request.getTo());
            log.info("audit: shard {} is to be led by {}, by order", order.shard(), to == null ? "another node" : to);
            var shard = find(order.shard());
            return untilSettled(() -> shard.transfer(to), System.nanoTime())
                    .thenApply(result -> TransferShardResponse.newBuilder()
                            .setEpoch(done(shard, result))
                            .setPrimary(String.valueOf(result.primary()))
                            .build());
        });
    }

    @Override
    public void forceShard(ForceShardRequest request, StreamObserver<ForceShardResponse> responses) {
        if (!isOfThisCluster(request.getClusterId(), responses)) {
            return;
        }
        var order = new Order("force", request.getShard());
        carryOut(order, responses, () -> {
            if (request.getShard() != request.getConfirmShard()) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "shard " + order.shard()
                                + " is not taken by force: its id was to be said twice, and the second was "
                                + Integer.toUnsignedString(request.getConfirmShard()));
            }
            log.warn(
                    "audit: shard {} is to be led from here by force, by order; acknowledged writes that this replica"
                            + " lacks are lost",
                    order.shard());
            var shard = find(order.shard());
            return untilSettled(shard::force, System.nanoTime())
                    .thenApply(result -> ForceShardResponse.newBuilder()
                            .setEpoch(done(shard, result))
                            .build());
        });
    }

    private record Order(String name, int id) {
        String shard() {
            return Integer.toUnsignedString(id);
        }
    }

    private boolean isOfThisCluster(String theirs, StreamObserver<?> responses) {
        try {
            gatekeeper.checkCluster(theirs);
            return true;
        } catch (Gatekeeper.Refused e) {
            responses.onError(gatekeeper.status(e));
            return false;
        }
    }

    private PeerInbox find(String shard) {
        int id = Integer.parseUnsignedInt(shard);
        var found = id > 0 ? shards.find(new ShardId(id)) : Optional.<PeerInbox>empty();
        return found.orElseThrow(
                () -> new TintypeException(Reason.SHARD_NOT_FOUND, "this node holds no replica of shard " + shard));
    }

    private <A> void carryOut(Order order, StreamObserver<A> responses, Supplier<CompletableFuture<A>> work) {
        CompletableFuture<A> answer;
        try {
            answer = work.get();
        } catch (TintypeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        var unused = answer.whenComplete((given, failure) -> {
            if (failure == null) {
                log.info("audit: order {} of shard {} is done", order.name(), order.shard());
                count(order, "done");
                responses.onNext(given);
                responses.onCompleted();
            } else {
                var refusal = refusal(order, failure);
                log.warn(
                        "audit: order {} of shard {} came to nothing: {}",
                        order.name(),
                        order.shard(),
                        refusal.getMessage());
                count(order, refusal.reason().name().toLowerCase(Locale.ROOT));
                responses.onError(Errors.toWire(refusal));
            }
        });
    }

    private void count(Order order, String outcome) {
        Counter.builder("tintype.shard.orders")
                .description("Orders of operators to hand a shard over or to take one by force, by what came of them")
                .tag("order", order.name())
                .tag("outcome", outcome)
                .register(registry)
                .increment();
    }

    private static TintypeException refusal(Order order, Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TintypeException refusal) {
            return refusal;
        }
        if (cause instanceof TimeoutException) {
            return new TintypeException(
                    Reason.UNAVAILABLE,
                    "shard " + order.shard() + " did not settle within " + ShardLimits.ORDER_SECONDS
                            + " s; see who leads it before repeating the order");
        }
        return new TintypeException(Reason.INTERNAL, String.valueOf(cause));
    }

    /** What is in the way of the order may pass by itself. */
    private static CompletableFuture<OrderResult> untilSettled(
            Supplier<CompletableFuture<OrderResult>> attempt, long sinceNanos) {
        return attempt.get().thenCompose(result -> {
            boolean passes = result.outcome() == OrderOutcome.BUSY || result.outcome() == OrderOutcome.GAVE_UP;
            long spent = System.nanoTime() - sinceNanos;
            if (!passes || spent >= TimeUnit.SECONDS.toNanos(ShardLimits.ORDER_SECONDS)) {
                return CompletableFuture.completedFuture(result);
            }
            var later = CompletableFuture.delayedExecutor(AGAIN_MS, TimeUnit.MILLISECONDS);
            return CompletableFuture.completedFuture(result)
                    .thenComposeAsync(before -> untilSettled(attempt, sinceNanos), later);
        });
    }

    private static long done(PeerInbox shard, OrderResult result) {
        var id = shard.replica().id();
        return switch (result.outcome()) {
            case DONE -> result.epoch();
            case NOT_PRIMARY -> throw notPrimary(shard);
            case NOT_IN_SYNC ->
                throw wrong("the node named is not in sync with shard " + id + "; wait until it has caught up, or name"
                        + " another one");
            case NO_SUCCESSOR ->
                throw wrong("nobody else is in sync with shard " + id + " and heard from here; bring another replica up"
                        + " first");
            case NOT_WHOLE ->
                throw wrong(
                        "the replica of shard " + id + " here has nothing to lead with: it has no configuration, has"
                                + " failed, or was being installed");
            case EXHAUSTED ->
                throw wrong("shard " + id + " was taken by force too often; move its users to another shard");
            case STILL_LED ->
                throw wrong(
                        "shard " + id + " is led: this replica leads it, or heard its primary a moment ago; force is"
                                + " for shards that nobody can lead");
            case BUSY, GAVE_UP ->
                throw new TintypeException(
                        Reason.UNAVAILABLE,
                        "shard " + id + " could not settle the order within " + ShardLimits.ORDER_SECONDS
                                + " s: an election is under way, or the successor is too slow; repeat it later",
                        RETRY_AFTER);
        };
    }

    private static TintypeException notPrimary(PeerInbox shard) {
        var status = shard.replica().status();
        var details = new HashMap<String, String>();
        details.put(TintypeException.SHARD, status.id().toString());
        details.put(TintypeException.EPOCH, Long.toString(status.epoch()));
        status.primary().ifPresent(node -> details.put(TintypeException.PRIMARY, node.value()));
        return new TintypeException(
                Reason.NOT_PRIMARY,
                "shard " + status.id() + " is led by "
                        + status.primary().map(node -> "node " + node).orElse("nobody") + ", not here",
                details);
    }

    private static TintypeException wrong(String message) {
        return new TintypeException(Reason.WRONG_STATE, message);
    }
}
