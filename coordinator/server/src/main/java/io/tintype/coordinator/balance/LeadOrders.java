// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has shards led by others, and counts how often that was tried for a step. Confined to the balancer's thread; blocks. */
final class LeadOrders {
    private static final Logger log = LoggerFactory.getLogger(LeadOrders.class);

    /** So often a step tries; then it goes on without. */
    private static final int TRIES = 10;

    private static final long ORDER_S = 10;

    private final ShardOrders orders;
    private final Map<String, Integer> tries = new HashMap<>();

    LeadOrders(ShardOrders orders) {
        this.orders = orders;
    }

    /** Has a replica lead; false: it does not yet. */
    boolean give(int shard, NodeId to) {
        try {
            var unused = orders.transfer(new ShardId(shard), Optional.of(to)).get(ORDER_S, TimeUnit.SECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            log.info("shard {}: {} could not be made to lead yet: {}", shard, to, String.valueOf(e));
        }
        return false;
    }

    /** Counts a try of a step; false: that was the last one. */
    boolean mayTryAgain(String step) {
        return tries.merge(step, 1, Integer::sum) < TRIES;
    }

    /** Forgets all steps that begin so. */
    void forgetAll(String prefix) {
        tries.keySet().removeIf(step -> step.startsWith(prefix));
    }
}
