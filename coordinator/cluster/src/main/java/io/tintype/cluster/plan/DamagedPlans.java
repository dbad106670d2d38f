// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.proto.internal.v1.PlansRecord;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Plans that are kept and cannot be understood, as a whole or in part. Nobody carries them out, and nobody but an operator takes them
 * for over: a newer release may understand what this one does not. Thread-safe; never blocks.
 */
public final class DamagedPlans {
    private final PlanZnodes plans;
    private final CompareAndSet<PlansRecord> lists;

    /** Over a session that outlives this object. */
    public DamagedPlans(ZkSession session, PlanZnodes plans) {
        this.plans = plans;
        this.lists = new CompareAndSet<>(session.znodes(), ZnodeCodec.PLANS, PlansRecord::equals);
    }

    /** Those that are to be carried out. */
    public CompletableFuture<List<String>> active() {
        return plans.active().thenCompose(active -> {
            var asked = active.value().getActiveList().stream()
                    .map(id -> damage(id).thenApply(damage -> damage.map(found -> id)))
                    .toList();
            return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                    .thenApply(all -> asked.stream()
                            .map(CompletableFuture::join)
                            .flatMap(Optional::stream)
                            .toList());
        });
    }

    /** What is wrong with a plan; empty: it can be understood, or there is none. */
    public CompletableFuture<Optional<String>> damage(String id) {
        return plans.read(id).thenApply(whole -> Optional.<String>empty()).exceptionally(failure -> {
            if (ZkErrors.unwrap(failure) instanceof ZnodeFormatException damage) {
                return Optional.of(String.valueOf(damage.getMessage()));
            }
            throw new CompletionException(ZkErrors.unwrap(failure));
        });
    }

    /**
     * Forgets a plan, whatever it was: it is not to be carried out any more, and then deleted.
     *
     * @return whether it is; not where the list of plans changed at the same moment
     */
    public CompletableFuture<Boolean> forget(String id) {
        return plans.active().thenCompose(active -> {
            var left = active.value().getActiveList().stream()
                    .filter(other -> !other.equals(id))
                    .toList();
            var without =
                    active.value().toBuilder().clearActive().addAllActive(left).build();
            return lists.set(Paths.PLANS, active.version(), without)
                    .thenCompose(outcome -> outcome instanceof CasOutcome.Won<PlansRecord>
                            ? plans.delete(id).thenApply(gone -> true)
                            : CompletableFuture.completedFuture(false));
        });
    }
}
