// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.PlansRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Has plans that are kept carried out, for operators and for the controller itself. Thread-safe; never blocks. */
final class PlanStarts {
    private final Supplier<ClusterView> view;
    private final PlanZnodes plans;
    private final LongSupplier nowMs;

    PlanStarts(Supplier<ClusterView> view, PlanZnodes plans, LongSupplier nowMs) {
        this.view = view;
        this.plans = plans;
        this.nowMs = nowMs;
    }

    /** A plan with its steps, if there is one; fails with WRONG_STATE where it cannot be understood. */
    CompletableFuture<Optional<StoredPlan>> read(String id) {
        return plans.read(id).exceptionally(failure -> {
            throw ZkErrors.unwrap(failure) instanceof ZnodeFormatException damage
                    ? DamagedSteering.refused(id, String.valueOf(damage.getMessage()))
                    : new CompletionException(ZkErrors.unwrap(failure));
        });
    }

    /**
     * Has a plan carried out. Fails with WRONG_STATE where it is no longer as the plan found it, was applied before, or another
     * plan of its purpose is being carried out.
     */
    CompletableFuture<PlanRecord> apply(String id) {
        return apply(id, plans::activate);
    }

    /** The same on behalf of a controller, unless its term of office is over. */
    CompletableFuture<PlanRecord> apply(String id, Term term) {
        return apply(id, (plan, active, now) -> plans.activate(term.begin(), plan, active, now));
    }

    /** Has a plan carried out that still stands as it was read, if the others do. */
    private interface Activation {
        CompletableFuture<Boolean> of(Versioned<PlanRecord> plan, Versioned<PlansRecord> active, long nowMs);
    }

    private CompletableFuture<PlanRecord> apply(String id, Activation activation) {
        return read(id).thenCompose(found -> {
            var plan = found.orElseThrow(
                    () -> Planning.refused("There is no plan " + id + ". Make one: tintype rebalance plan"));
            var header = plan.record().value();
            if (header.getPhase() != PlanPhase.PLAN_PHASE_PROPOSED) {
                throw Planning.refused("Plan " + id + " was applied before; it is "
                        + Messages.state(header.getPhase()).name().substring("PLAN_STATE_".length()) + ".");
            }
            checkStart(id, plan.steps());
            return plans.active()
                    .thenCompose(active -> plans.activeOf(header.getPurpose(), active.value())
                            .thenCompose(other -> {
                                other.ifPresent(running -> {
                                    throw Planning.refused("Plan " + running.getId()
                                            + " is being carried out. Wait for it, or cancel it:"
                                            + " tintype rebalance cancel");
                                });
                                return start(plan.record(), active, activation);
                            }));
        });
    }

    private void checkStart(String id, List<PlannedStep> steps) {
        var seen = new HashSet<Integer>();
        for (var step : steps) {
            if (seen.add(step.getShard())) { // later steps of a shard begin where this one ends
                Readiness.outdated(step, view.get()).ifPresent(why -> {
                    throw Planning.refused("The cluster has changed since plan " + id + " was made: " + why
                            + ". Make a new plan: tintype rebalance plan");
                });
            }
        }
    }

    private CompletableFuture<PlanRecord> start(
            Versioned<PlanRecord> plan, Versioned<PlansRecord> active, Activation activation) {
        long now = nowMs.getAsLong();
        return activation.of(plan, active, now).thenApply(won -> {
            if (!won) {
                throw Planning.refused(
                        "Somebody else applied or steered a plan at the same moment. Look at it: tintype rebalance"
                                + " status");
            }
            return plan.value().toBuilder()
                    .setPhase(PlanPhase.PLAN_PHASE_RUNNING)
                    .setStartedAtMs(now)
                    .build();
        });
    }
}
