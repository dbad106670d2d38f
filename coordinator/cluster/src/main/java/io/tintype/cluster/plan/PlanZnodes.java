// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.cluster.zk.ZnodeTransaction;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.PlansRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.zookeeper.KeeperException.Code;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes plans. Thread-safe; never blocks. What only the controller may write goes by its term's transactions
 * instead; what is here is for operators, and settled by versions.
 */
public final class PlanZnodes {
    /** Steps in one znode. */
    public static final int STEPS_PER_PART = 64;

    /** Plans that are kept, of those that are over: what {@code rebalance history} tells, and later plans reckon by. */
    public static final int KEPT = 50;

    /** Plans that are kept, of those that nobody applied: who only looks, however often, makes no history forgotten. */
    public static final int KEPT_PROPOSALS = 20;

    /** Version of a header whose plan is not whole yet. */
    static final int BARE = 0;

    private final RecurringFailures failures =
            new RecurringFailures(LoggerFactory.getLogger(PlanZnodes.class), System::nanoTime);
    private final ZkSession session;
    private final OldPlans old;
    private final CompareAndSet<PlansRecord> plans;
    private final CompareAndSet<PlanRecord> headers;
    private final CompareAndSet<PlanPart> parts;

    /** Over a session that outlives this object. */
    public PlanZnodes(ZkSession session) {
        this(session, OldPlans.HALF_KEPT_MS);
    }

    /** The same, which takes a plan that is not whole for so long for one that was left behind. */
    PlanZnodes(ZkSession session, long halfKeptMs) {
        this.session = session;
        this.plans = new CompareAndSet<>(session.znodes(), ZnodeCodec.PLANS, PlansRecord::equals);
        this.headers = new CompareAndSet<>(session.znodes(), ZnodeCodec.PLAN, PlanRecord::equals);
        this.parts = new CompareAndSet<>(session.znodes(), ZnodeCodec.PLAN_PART, PlanPart::equals);
        this.old = new OldPlans(session, this, halfKeptMs);
    }

    /** Which plans are being carried out; made where it is missing. */
    public CompletableFuture<Versioned<PlansRecord>> active() {
        return plans.read(Paths.PLANS)
                .thenCompose(found -> found.map(CompletableFuture::completedFuture)
                        .orElseGet(() -> plans.create(
                                        Paths.PLANS,
                                        PlansRecord.newBuilder()
                                                .setFormat(ZnodeCodec.FORMAT)
                                                .build())
                                .thenCompose(made -> active())));
    }

    /** A plan without its steps; empty: there is none of that id. */
    public CompletableFuture<Optional<Versioned<PlanRecord>>> header(String id) {
        return headers.read(Paths.plan(id));
    }

    /** What was read of a plan; empty also where it cannot be understood, which is to hold up no other plan. */
    private <T> CompletableFuture<Optional<T>> understood(String id, CompletableFuture<Optional<T>> read) {
        return read.exceptionallyCompose(failure -> {
            if (!(ZkErrors.unwrap(failure) instanceof ZnodeFormatException)) {
                return CompletableFuture.failedFuture(ZkErrors.unwrap(failure));
            }
            failures.error("plan " + id + " is left out, for it cannot be understood", failure);
            return CompletableFuture.completedFuture(Optional.empty());
        });
    }

    /**
     * A plan with its steps; empty: there is none of that id. Fails with {@link ZnodeFormatException} where steps are missing: those
     * behind them would be taken for others.
     */
    public CompletableFuture<Optional<StoredPlan>> read(String id) {
        return header(id).thenCompose(found -> {
            if (found.isEmpty() || found.get().value().getId().isEmpty()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            var reads = new ArrayList<CompletableFuture<Optional<Versioned<PlanPart>>>>();
            for (int part = 0; part < parts(found.get().value().getSteps()); part++) {
                reads.add(parts.read(Paths.planPart(id, part)));
            }
            return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                    .thenCompose(all -> whole(
                            found.get(),
                            reads.stream().map(CompletableFuture::join).toList()));
        });
    }

    private CompletableFuture<Optional<StoredPlan>> whole(
            Versioned<PlanRecord> header, List<Optional<Versioned<PlanPart>>> found) {
        var id = header.value().getId();
        for (int part = 0; part < found.size(); part++) {
            int meant = Math.min(STEPS_PER_PART, header.value().getSteps() - part * STEPS_PER_PART);
            int there =
                    found.get(part).map(read -> read.value().getStepsCount()).orElse(0);
            if (there != meant) {
                var damage = new ZnodeFormatException("Znode " + Paths.planPart(id, part) + " has " + there + " of the "
                        + meant + " steps that plan " + id + " has there.");
                // Whoever forgets a plan begins with its parts.
                return header(id).thenApply(now -> {
                    if (now.isPresent()) {
                        throw damage;
                    }
                    return Optional.empty();
                });
            }
        }
        return CompletableFuture.completedFuture(Optional.of(
                new StoredPlan(header, found.stream().flatMap(Optional::stream).toList())));
    }

    private static int parts(int steps) {
        return (steps + STEPS_PER_PART - 1) / STEPS_PER_PART;
    }

    /** Plans, the newest first, without their steps; without those that cannot be understood. */
    public CompletableFuture<List<PlanRecord>> list() {
        return session.znodes().children(Paths.PLANS).thenCompose(ids -> {
            var reads = ids.stream().map(id -> understood(id, header(id))).toList();
            return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                    .thenApply(all -> reads.stream()
                            .map(CompletableFuture::join)
                            .flatMap(Optional::stream)
                            .map(Versioned::value)
                            .filter(plan -> !plan.getId().isEmpty())
                            .sorted(Comparator.comparingLong(PlanRecord::getCreatedAtMs)
                                    .reversed())
                            .toList());
        });
    }

    /**
     * Keeps a plan. Where one of the id exists that was not begun, with the same steps therefore, it takes what else the new
     * one says: its pace, and the time it should take; where one was begun, the id gets a number. The oldest plans beyond
     * {@link #KEPT} and {@link #KEPT_PROPOSALS} go; where that fails, with the next plan that is kept.
     *
     * @return the id it is kept under
     */
    public CompletableFuture<String> propose(PlanRecord plan, List<PlannedStep> steps) {
        return propose(plan, steps, 1).thenCompose(id -> old.forget(id).handle((done, failure) -> id));
    }

    private CompletableFuture<String> propose(PlanRecord plan, List<PlannedStep> steps, int number) {
        String id = number == 1 ? plan.getId() : plan.getId() + "-" + number;
        return header(id).thenCompose(found -> {
            if (found.isPresent() && !found.get().value().getId().isEmpty()) {
                return found.get().value().getPhase() == PlanPhase.PLAN_PHASE_PROPOSED
                        ? change(found.get(), plan.toBuilder().setId(id).build())
                                .thenCompose(won ->
                                        won ? CompletableFuture.completedFuture(id) : propose(plan, steps, number))
                        : propose(plan, steps, number + 1);
            }
            return store(plan.toBuilder().setId(id).build(), steps)
                    .thenCompose(
                            stored -> stored ? CompletableFuture.completedFuture(id) : propose(plan, steps, number));
        });
    }

    /** The parts first and the plan at last: a plan that is there is whole. Whether it is there, and not another one of the id. */
    private CompletableFuture<Boolean> store(PlanRecord plan, List<PlannedStep> steps) {
        CompletableFuture<?> done = active().thenCompose(there -> createBare(Paths.plan(plan.getId())));
        for (int from = 0; from < steps.size(); from += STEPS_PER_PART) {
            String path = Paths.planPart(plan.getId(), from / STEPS_PER_PART);
            var part = PlanPart.newBuilder()
                    .setFormat(ZnodeCodec.FORMAT)
                    .addAllSteps(steps.subList(from, Math.min(steps.size(), from + STEPS_PER_PART)))
                    .build();
            done = done.thenCompose(before -> parts.create(path, part));
        }
        String path = Paths.plan(plan.getId());
        return done.thenCompose(before -> headers.set(path, BARE, plan))
                .thenApply(outcome -> outcome instanceof CasOutcome.Won<PlanRecord>);
    }

    private CompletableFuture<Void> createBare(String path) {
        var bare = PlanRecord.newBuilder().setFormat(ZnodeCodec.FORMAT).build();
        return session.znodes().create(path, ZnodeCodec.PLAN.encode(path, bare)).exceptionally(failure -> {
            if (ZkErrors.is(failure, Code.NODEEXISTS)) {
                return null; // left behind by somebody who died here; whoever finishes it finishes the same
            }
            throw new CompletionException(ZkErrors.unwrap(failure));
        });
    }

    /**
     * Has a plan carried out, unless another one of its purpose is. Of two who try at once one wins. Refused is also whoever
     * did so already, where the answer was lost inside the client, which then sent it once more: so what is there is looked at.
     *
     * @return whether it is
     */
    public CompletableFuture<Boolean> activate(Versioned<PlanRecord> plan, Versioned<PlansRecord> before, long nowMs) {
        return activate(new ZnodeTransaction(session), plan, before, nowMs);
    }

    /** The same if a transaction that was begun can be made: that of a term of office, say. */
    public CompletableFuture<Boolean> activate(
            ZnodeTransaction begun, Versioned<PlanRecord> plan, Versioned<PlansRecord> before, long nowMs) {
        var id = plan.value().getId();
        return begun.set(
                        Paths.PLANS,
                        ZnodeCodec.PLANS,
                        before.value().toBuilder().addActive(id).build(),
                        before.version())
                .set(
                        Paths.plan(id),
                        ZnodeCodec.PLAN,
                        plan.value().toBuilder()
                                .setPhase(PlanPhase.PLAN_PHASE_RUNNING)
                                .setStartedAtMs(nowMs)
                                .build(),
                        plan.version())
                .commit()
                .thenCompose(result -> switch (result) {
                    case MADE -> CompletableFuture.completedFuture(true);
                    case REFUSED, UNKNOWN ->
                        header(id)
                                .thenApply(now -> now.isPresent()
                                        && now.get().value().getPhase() != PlanPhase.PLAN_PHASE_PROPOSED
                                        && now.get().value().getStartedAtMs() == nowMs);
                });
    }

    /** Changes a plan's header if it is still the given one. */
    public CompletableFuture<Boolean> change(Versioned<PlanRecord> plan, PlanRecord next) {
        return headers.set(Paths.plan(plan.value().getId()), plan.version(), next)
                .thenApply(outcome -> outcome instanceof CasOutcome.Won<PlanRecord>);
    }

    /** Whether a purpose is being served already, by the ids of active plans. One that cannot be understood serves none. */
    public CompletableFuture<Optional<PlanRecord>> activeOf(PlanPurpose purpose, PlansRecord active) {
        return running(active)
                .thenApply(running -> running.stream()
                        .filter(plan -> plan.getPurpose() == purpose)
                        .findFirst());
    }

    /** The plans that are being carried out, in the order in which they were begun, without those that cannot be understood. */
    public CompletableFuture<List<PlanRecord>> running() {
        return active().thenCompose(active -> running(active.value()));
    }

    private CompletableFuture<List<PlanRecord>> running(PlansRecord active) {
        var reads = active.getActiveList().stream()
                .map(id -> understood(id, read(id)))
                .toList();
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                .thenApply(all -> reads.stream()
                        .map(CompletableFuture::join)
                        .flatMap(Optional::stream)
                        .map(plan -> plan.record().value())
                        .toList());
    }

    /** Deletes a plan that is not being carried out. */
    public CompletableFuture<Void> delete(String id) {
        return session.znodes()
                .children(Paths.plan(id))
                .thenCompose(children -> CompletableFuture.allOf(children.stream()
                        .map(child -> session.znodes().delete(Paths.plan(id) + "/" + child, -1))
                        .toArray(CompletableFuture[]::new)))
                .thenCompose(gone -> session.znodes().delete(Paths.plan(id), -1));
    }
}
