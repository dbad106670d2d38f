// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Forgets plans: the oldest beyond how many are kept, and those that nobody kept whole. Thread-safe; never blocks. */
final class OldPlans {
    /** A plan that is not whole for so long was left behind by somebody who died while he kept it. */
    static final long HALF_KEPT_MS = 3_600_000;

    private final ZkSession session;
    private final PlanZnodes plans;
    private final long halfKeptMs;

    OldPlans(ZkSession session, PlanZnodes plans, long halfKeptMs) {
        this.session = session;
        this.plans = plans;
        this.halfKeptMs = halfKeptMs;
    }

    /** Forgets what need not be kept any more, once another plan is kept. */
    CompletableFuture<Void> forget(String kept) {
        return forgetHalfKept(kept).thenCompose(done -> forgetBeyond(kept));
    }

    private CompletableFuture<Void> forgetHalfKept(String kept) {
        var znodes = session.znodes();
        return znodes.get(Paths.plan(kept))
                .thenCompose(newest -> znodes.children(Paths.PLANS)
                        .thenCompose(ids -> CompletableFuture.allOf(ids.stream()
                                .map(id -> forgetHalfKept(
                                        id, newest.map(Znode::modifiedMs).orElse(0L)))
                                .toArray(CompletableFuture[]::new))));
    }

    /** Times are by ZooKeeper's clock. Who keeps the plan after all is told that it is over, and keeps it once more. */
    private CompletableFuture<Void> forgetHalfKept(String id, long nowMs) {
        return session.znodes().get(Paths.plan(id)).thenCompose(found -> {
            boolean isLeft = found.filter(there -> there.version() == PlanZnodes.BARE)
                    .filter(there -> nowMs - there.modifiedMs() > halfKeptMs)
                    .isPresent();
            if (!isLeft) {
                return CompletableFuture.completedFuture(null);
            }
            var over = PlanRecord.newBuilder()
                    .setFormat(ZnodeCodec.FORMAT)
                    .setId(id)
                    .setPhase(PlanPhase.PLAN_PHASE_CANCELLED)
                    .setFinishedAtMs(nowMs)
                    .build();
            return deleteAs(new Versioned<>(over, PlanZnodes.BARE), over);
        });
    }

    private CompletableFuture<Void> forgetBeyond(String kept) {
        return plans.list().thenCompose(all -> {
            var others = all.stream().filter(plan -> !plan.getId().equals(kept)).toList();
            var over = others.stream()
                    .filter(plan -> plan.getFinishedAtMs() != 0)
                    .skip(PlanZnodes.KEPT)
                    .map(plan -> plans.delete(plan.getId()));
            var proposals = others.stream()
                    .filter(plan -> plan.getPhase() == PlanPhase.PLAN_PHASE_PROPOSED)
                    .skip(PlanZnodes.KEPT_PROPOSALS - 1)
                    .map(plan -> withdraw(plan.getId()));
            return CompletableFuture.allOf(Stream.concat(over, proposals).toArray(CompletableFuture[]::new));
        });
    }

    /** Deletes a plan that nobody applied. Whoever does so at the same time comes first, or is told that it is over. */
    private CompletableFuture<Void> withdraw(String id) {
        return plans.header(id).thenCompose(found -> {
            if (found.isEmpty() || found.get().value().getPhase() != PlanPhase.PLAN_PHASE_PROPOSED) {
                return CompletableFuture.completedFuture(null);
            }
            var proposed = found.get().value();
            var over = proposed.toBuilder()
                    .setPhase(PlanPhase.PLAN_PHASE_CANCELLED)
                    .setFinishedAtMs(proposed.getCreatedAtMs())
                    .build();
            return deleteAs(found.get(), over);
        });
    }

    /** Says that a plan is over, so that whoever else is about to change it knows, and then deletes it. */
    private CompletableFuture<Void> deleteAs(Versioned<PlanRecord> plan, PlanRecord over) {
        return plans.change(plan, over)
                .thenCompose(won -> won ? plans.delete(over.getId()) : CompletableFuture.completedFuture(null));
    }
}
