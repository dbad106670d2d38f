// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has shards led by others for steps of plans: {@value #AT_ONCE} at once and one to a node, since a node that begins to lead has its
 * hands full. Nobody waits for an order; who asks again hears what came of it. Confined to the balancer's thread; never blocks.
 */
final class LeadOrders {
    /** Orders under way at once. */
    static final int AT_ONCE = 4;

    /** So often a step tries; then it goes on without. */
    static final int TRIES = 10;

    private static final Logger log = LoggerFactory.getLogger(LeadOrders.class);

    /** Orders end by themselves before. */
    private static final long ORDER_S = 20;

    private final ShardOrders orders;
    private final Runnable ended;
    private final Map<String, Order> underWay = new HashMap<>();
    private final Map<String, Integer> tries = new HashMap<>();

    /** Of steps that are no more, until they end: {@value #AT_ONCE} at most, since they count among those that are under way. */
    private final List<Order> forgotten = new ArrayList<>();

    private record Order(int shard, NodeId to, CompletableFuture<?> answer) {}

    /** What is known of a lead that was asked for. */
    enum Answer {
        /** The replica leads. */
        LEADS,
        /** It does not yet: the order is under way, waits for others, or is tried again. */
        NOT_YET,
        /** It was tried often enough. */
        GIVEN_UP
    }

    /**
     * Orders that are given by these.
     *
     * @param ended told whenever there is something new to hear; on any thread
     */
    LeadOrders(ShardOrders orders, Runnable ended) {
        this.orders = orders;
        this.ended = ended;
    }

    /** Has a replica lead on behalf of a step, and tells how far that is; to be asked again until it is settled. */
    Answer give(String step, int shard, NodeId to) {
        var order = underWay.get(step);
        if (order == null) {
            if (tries.getOrDefault(step, 0) >= TRIES) {
                return Answer.GIVEN_UP;
            }
            if (isFree(to)) {
                tries.merge(step, 1, Integer::sum);
                underWay.put(step, new Order(shard, to, begin(shard, to)));
            }
            return Answer.NOT_YET;
        }
        if (!order.answer().isDone()) {
            return Answer.NOT_YET;
        }
        underWay.remove(step);
        if (!order.answer().isCompletedExceptionally()) {
            return Answer.LEADS;
        }
        return tries.getOrDefault(step, 0) >= TRIES ? Answer.GIVEN_UP : Answer.NOT_YET;
    }

    /** Whether anything would come of asking for a step now. */
    boolean isReady(String step, NodeId to) {
        return underWay.containsKey(step) || isFree(to);
    }

    private boolean isFree(NodeId to) {
        return open().count() < AT_ONCE && open().map(Order::to).noneMatch(to::equals);
    }

    private Stream<Order> open() {
        return Stream.concat(underWay.values().stream(), forgotten.stream())
                .filter(order -> !order.answer().isDone());
    }

    private CompletableFuture<?> begin(int shard, NodeId to) {
        CompletableFuture<?> answer;
        try {
            answer = orders.transfer(new ShardId(shard), Optional.of(to)).orTimeout(ORDER_S, TimeUnit.SECONDS);
        } catch (RuntimeException e) { // it cannot even be asked for
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.whenComplete((done, failure) -> {
            if (failure != null) {
                log.info("shard {}: {} could not be made to lead yet: {}", shard, to, failure.toString());
            }
            ended.run();
        });
    }

    /** Shards that are being handed over. */
    Set<Integer> shards() {
        return open().map(Order::shard).collect(Collectors.toSet());
    }

    /** Forgets all steps that begin so; orders of theirs go on and keep their shards and nodes, and nobody hears of them. */
    void forgetAll(String prefix) {
        tries.keySet().removeIf(step -> step.startsWith(prefix));
        forgotten.removeIf(order -> order.answer().isDone());
        underWay.entrySet().removeIf(order -> {
            boolean gone = order.getKey().startsWith(prefix);
            if (gone && !order.getValue().answer().isDone()) {
                forgotten.add(order.getValue());
            }
            return gone;
        });
    }
}
