// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.zk.Versioned;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.v1.PlanOrder;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Pauses, resumes and cancels plans: a word in the plan's header, which whoever carries it out finds at the next look.
 * Thread-safe; never blocks.
 */
final class PlanSteering {
    /** The controller changes a plan's header when it begins it and when it is over, operators change it seldom. */
    static final int TRIES = 3;

    private final Function<String, CompletableFuture<Optional<Versioned<PlanRecord>>>> header;
    private final BiFunction<Versioned<PlanRecord>, PlanRecord, CompletableFuture<Boolean>> change;

    PlanSteering(PlanZnodes plans) {
        this(plans::header, plans::change);
    }

    /**
     * Over headers wherever they are.
     *
     * @param header reads one
     * @param change replaces one, unless it has changed since it was read: then it says false
     */
    PlanSteering(
            Function<String, CompletableFuture<Optional<Versioned<PlanRecord>>>> header,
            BiFunction<Versioned<PlanRecord>, PlanRecord, CompletableFuture<Boolean>> change) {
        this.header = header;
        this.change = change;
    }

    /**
     * Steers a plan; returns it as it is then. Saying the same twice is harmless. Fails with WRONG_STATE where there is no such
     * plan, it is over or is not being carried out, or it changed again and again; INVALID_ARGUMENT without an order.
     */
    CompletableFuture<PlanRecord> steer(String id, PlanOrder order) {
        return steer(id, order, TRIES);
    }

    private CompletableFuture<PlanRecord> steer(String id, PlanOrder order, int tries) {
        return header.apply(id).thenCompose(found -> {
            var plan = found.orElseThrow(() ->
                    Planning.refused("There is no plan " + id + ". See which there are: tintype rebalance history"));
            var next = phase(order);
            var now = plan.value().getPhase();
            boolean open = now == PlanPhase.PLAN_PHASE_RUNNING || now == PlanPhase.PLAN_PHASE_PAUSED;
            if (!open && now != next) {
                throw Planning.refused("Plan " + plan.value().getId() + " is "
                        + Messages.state(now).name().substring("PLAN_STATE_".length())
                        + " and cannot be steered any more.");
            }
            var record = plan.value().toBuilder().setPhase(next).build();
            return change.apply(plan, record).thenCompose(won -> {
                if (won) {
                    return CompletableFuture.completedFuture(record);
                }
                if (tries > 1) {
                    return steer(id, order, tries - 1);
                }
                throw Planning.refused("The plan changed at the same moment. Look at it, and say it again.");
            });
        });
    }

    private static PlanPhase phase(PlanOrder order) {
        return switch (order) {
            case PLAN_ORDER_PAUSE -> PlanPhase.PLAN_PHASE_PAUSED;
            case PLAN_ORDER_RESUME -> PlanPhase.PLAN_PHASE_RUNNING;
            case PLAN_ORDER_CANCEL -> PlanPhase.PLAN_PHASE_CANCELLING;
            default -> throw new TintypeException(Reason.INVALID_ARGUMENT, "order is not set");
        };
    }
}
