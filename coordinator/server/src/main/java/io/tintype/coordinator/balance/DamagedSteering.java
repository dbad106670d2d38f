// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.plan.DamagedPlans;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.v1.PlanOrder;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What becomes of plans that cannot be understood: they are left alone until an operator cancels them, by their ids, and then forgotten.
 * Thread-safe; never blocks.
 */
final class DamagedSteering {
    private final DamagedPlans plans;

    DamagedSteering(DamagedPlans plans) {
        this.plans = plans;
    }

    /**
     * Steers a plan if it cannot be understood; empty: it can, or there is none. Fails with WRONG_STATE for every order but to cancel,
     * which leaves its shards as they are assigned.
     */
    CompletableFuture<Optional<PlanRecord>> steer(String id, PlanOrder order) {
        return plans.damage(id).thenCompose(damage -> {
            if (damage.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            if (order != PlanOrder.PLAN_ORDER_CANCEL) {
                throw refused(id, damage.get());
            }
            return plans.forget(id).thenApply(gone -> {
                if (!gone) {
                    throw Planning.refused("Plans changed at the same moment. Say it again.");
                }
                return Optional.of(PlanRecord.newBuilder()
                        .setId(id)
                        .setPhase(PlanPhase.PLAN_PHASE_CANCELLED)
                        .build());
            });
        });
    }

    /** What is said of such a plan to whoever wants anything else of it. */
    static TintypeException refused(String id, String damage) {
        return new TintypeException(
                Reason.WRONG_STATE,
                "Plan " + id + " cannot be understood, so nobody carries it out: " + damage
                        + " Have it forgotten: tintype rebalance cancel " + id
                        + ". What it left of its shards the next plan sees to: tintype rebalance plan");
    }
}
