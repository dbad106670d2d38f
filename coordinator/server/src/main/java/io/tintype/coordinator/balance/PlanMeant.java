// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Which plan is meant by who names none. Thread-safe; never blocks. */
final class PlanMeant {
    private final PlanZnodes plans;

    PlanMeant(PlanZnodes plans) {
        this.plans = plans;
    }

    /** By who asks how it goes: the one of those being carried out that was begun last, else the last that was. */
    CompletableFuture<String> told() {
        return plans.running().thenCompose(running -> running.isEmpty() ? last() : id(running));
    }

    /** By who steers: not a repair, which the controller began because copies are lost, unless it is named. */
    CompletableFuture<String> steered() {
        return plans.running().thenCompose(running -> {
            var own = running.stream()
                    .filter(plan -> plan.getPurpose() != PlanPurpose.PLAN_PURPOSE_REPAIR)
                    .toList();
            if (own.isEmpty() && !running.isEmpty()) {
                var repair = running.get(running.size() - 1);
                throw Planning.refused(
                        "Only plan " + repair.getId() + " is being carried out, which the controller began"
                                + " by itself: " + repair.getTitle() + ". To steer that one, name it.");
            }
            return own.isEmpty() ? last() : id(own);
        });
    }

    private static CompletableFuture<String> id(List<PlanRecord> plans) {
        return CompletableFuture.completedFuture(plans.get(plans.size() - 1).getId());
    }

    private CompletableFuture<String> last() {
        return plans.list()
                .thenApply(all -> all.stream()
                        .filter(plan -> plan.getPhase() != PlanPhase.PLAN_PHASE_PROPOSED)
                        .findFirst()
                        .map(PlanRecord::getId)
                        .orElseThrow(
                                () -> Planning.refused("No plan was ever applied. Make one: tintype rebalance plan")));
    }
}
