// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.PlansRecord;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller's writes to plans: each step's progress together with the assignment that makes it, in one transaction of
 * its term. Blocks; confined to the balancer's thread.
 */
class Journal {
    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    private static final long ANSWER_S = 25;
    private static final String SILENT = "ZooKeeper did not answer";

    private final ZkSession session;
    private final RecurringFailures failures = new RecurringFailures(log, System::nanoTime);
    private final PlanZnodes plans;
    private final CompareAndSet<ShardAssignment> assignments;

    /** Something could not be written or read; look again. */
    static final class Interrupted extends Exception {
        private static final long serialVersionUID = 1;

        /** Whether another coordinator is the controller now. */
        final boolean deposed;

        Interrupted(String message, boolean deposed, @Nullable Throwable cause) {
            super(message, cause);
            this.deposed = deposed;
        }

        /** What could not be understood: it stays so until somebody mends it. Null where something else interrupted. */
        @Nullable
        Throwable unreadable() {
            var failure = getCause() == null ? null : getCause().getCause();
            return failure instanceof ZnodeFormatException ? failure : null;
        }
    }

    Journal(ZkSession session) {
        this.session = session;
        this.plans = new PlanZnodes(session);
        this.assignments = new CompareAndSet<>(session.znodes(), ZnodeCodec.ASSIGNMENT, ShardAssignment::equals);
    }

    /**
     * The plans that a term of office is to carry out, with their steps, repairs first. Whose term is over hears of it, also where there
     * are none: he is not to make any either.
     */
    List<StoredPlan> active(Term term) throws Interrupted {
        var found = active();
        if (await(term.isOver())) {
            throw new Interrupted("another coordinator carries plans out", true, null);
        }
        return found;
    }

    /** The plans that are being carried out, with their steps, repairs first; without those that cannot be understood. */
    List<StoredPlan> active() throws Interrupted {
        var found = new ArrayList<StoredPlan>();
        for (var id : await(plans.active()).value().getActiveList()) {
            try {
                await(plans.read(id)).ifPresent(found::add);
            } catch (Interrupted e) {
                failures.error(
                        "plan " + id + " is left alone, for it cannot be understood; the others go on", unreadable(e));
            }
        }
        found.sort((a, b) -> Integer.compare(
                b.record().value().getPurposeValue(), a.record().value().getPurposeValue()));
        return found;
    }

    /** What could not be understood; whatever else interrupted is thrown on. */
    private static Throwable unreadable(Interrupted e) throws Interrupted {
        var failure = e.unreadable();
        if (failure == null) {
            throw e;
        }
        return failure;
    }

    /** Where a shard should be. Fails, for this shard alone, where it is not assigned or that cannot be understood. */
    Versioned<ShardAssignment> assignment(int shard) throws Interrupted {
        return assigned(shard).orElseThrow(() -> new IllegalStateException("shard " + shard + " is not assigned"));
    }

    /** The same; empty where the shard is not assigned any more. */
    Optional<Versioned<ShardAssignment>> assigned(int shard) throws Interrupted {
        try {
            return await(assignments.read(Paths.assignment(shard)));
        } catch (Interrupted e) {
            throw new IllegalStateException(
                    "the assignment of shard " + shard + " cannot be understood", unreadable(e));
        }
    }

    /**
     * Writes how far a step is, and with it, if given, where its shard should be.
     *
     * @return the plan as it is then
     */
    StoredPlan write(
            Term term,
            StoredPlan plan,
            int step,
            UnaryOperator<PlannedStep.Builder> change,
            @Nullable Versioned<ShardAssignment> before,
            @Nullable ShardAssignment after)
            throws Interrupted {
        int number = step / PlanZnodes.STEPS_PER_PART;
        var part = plan.parts().get(number);
        var next = part.value().toBuilder();
        int place = step % PlanZnodes.STEPS_PER_PART;
        next.setSteps(place, change.apply(next.getSteps(place).toBuilder()));
        var written = next.build();
        var transaction =
                term.begin().set(Paths.planPart(plan.id(), number), ZnodeCodec.PLAN_PART, written, part.version());
        if (before != null && after != null) {
            transaction.set(Paths.assignment(after.getShard()), ZnodeCodec.ASSIGNMENT, after, before.version());
        }
        settle(term.settle(transaction));
        var parts = new ArrayList<>(plan.parts());
        parts.set(number, new Versioned<PlanPart>(written, part.version() + 1));
        return new StoredPlan(plan.record(), parts);
    }

    /**
     * Notes what readers felt before a plan began.
     *
     * @return the plan as it is then
     */
    StoredPlan noteQuiet(Term term, StoredPlan plan, long p99Micros) throws Interrupted {
        var record = plan.record();
        var next = record.value().toBuilder().setQuietReadP99Micros(p99Micros).build();
        settle(term.settle(term.begin().set(Paths.plan(plan.id()), ZnodeCodec.PLAN, next, record.version())));
        return new StoredPlan(new Versioned<>(next, record.version() + 1), plan.parts());
    }

    /** Notes that a plan is over, and that it is carried out no longer. */
    void finish(Term term, StoredPlan plan, PlanPhase how, long nowMs) throws Interrupted {
        var steps = plan.steps();
        var before = await(plans.active());
        var header = Measured.keep(plan.record().value().toBuilder(), steps)
                .setPhase(how)
                .setFinishedAtMs(nowMs)
                .setDone((int) steps.stream()
                        .filter(step -> step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_DONE)
                        .count())
                .setNotDone((int) steps.stream()
                        .filter(step -> PlanSteps.isOver(step) && step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_DONE)
                        .count())
                .setMovedBytes(
                        steps.stream().mapToLong(PlannedStep::getMovedBytes).sum())
                .build();
        var left = before.value().getActiveList().stream()
                .filter(id -> !id.equals(plan.id()))
                .toList();
        settle(term.settle(term.begin()
                .set(
                        Paths.PLANS,
                        ZnodeCodec.PLANS,
                        PlansRecord.newBuilder()
                                .setFormat(ZnodeCodec.FORMAT)
                                .addAllActive(left)
                                .build(),
                        before.version())
                .set(
                        Paths.plan(plan.id()),
                        ZnodeCodec.PLAN,
                        header,
                        plan.record().version())));
    }

    private static void settle(CompletableFuture<Term.Outcome> outcome) throws Interrupted {
        var ended = await(outcome);
        if (ended != Term.Outcome.DONE) {
            throw new Interrupted("a step's write ended " + ended, ended == Term.Outcome.DEPOSED, null);
        }
    }

    static <T> T await(CompletableFuture<T> future) throws Interrupted {
        try {
            return future.get(ANSWER_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Interrupted("stopping", false, e);
        } catch (ExecutionException e) {
            var cause = Objects.requireNonNullElse(e.getCause(), e);
            boolean silent = ZkErrors.isUnanswered(cause);
            throw new Interrupted(silent ? SILENT : String.valueOf(cause.getMessage()), false, e);
        } catch (TimeoutException e) {
            throw new Interrupted(SILENT, false, e);
        }
    }

    PlanZnodes plans() {
        return plans;
    }

    ZkSession session() {
        return session;
    }
}
