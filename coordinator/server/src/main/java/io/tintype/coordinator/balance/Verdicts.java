// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.LoggerFactory;

/** What was found out about newcomers, by step; asked for once, and again where nobody could tell. Confined to one thread. */
final class Verdicts {
    private final RecurringFailures failures =
            new RecurringFailures(LoggerFactory.getLogger(Verdicts.class), System::nanoTime);
    private final Verifier verifier;
    private final Map<String, CompletableFuture<Verifier.Verdict>> asked = new HashMap<>();

    Verdicts(Verifier verifier) {
        this.verifier = verifier;
    }

    /** The verdict on a newcomer, once there is one; asks for it where nobody has. */
    Optional<Verifier.Verdict> on(String step, ClusterView view, ShardInfo shard, NodeId newcomer) {
        var answer = asked.get(step);
        if (answer == null) {
            known(view, shard, newcomer)
                    .ifPresent(known -> asked.put(step, verifier.compare(shard.id(), known, newcomer)));
            return Optional.empty();
        }
        if (!answer.isDone()) {
            return Optional.empty();
        }
        if (answer.isCompletedExceptionally()) {
            failures.info( // it may fail at once, and so at each look
                    "step " + step + ": shard " + shard.id() + " could not be verified yet; each look tries again",
                    ZkErrors.unwrap(answer.handle((ok, failure) -> failure).join()));
            asked.remove(step);
            return Optional.empty();
        }
        return Optional.of(answer.join());
    }

    /** Whether nobody is left to prove a newcomer against. */
    static boolean isAlone(ClusterView view, ShardInfo shard, NodeId newcomer) {
        return known(view, shard, newcomer).isEmpty();
    }

    /** A replica that certainly holds everything: the primary, or else another one in sync that is live. */
    private static Optional<NodeId> known(ClusterView view, ShardInfo shard, NodeId newcomer) {
        return shard.primary()
                .filter(primary -> !primary.equals(newcomer))
                .or(() -> shard.inSync().stream()
                        .filter(member -> !member.equals(newcomer))
                        .filter(member ->
                                view.map().node(member).map(NodeInfo::live).orElse(false))
                        .findFirst());
    }

    /** Nobody waits for a step's verdict any more: what nodes still do for it ends. */
    void forget(String step) {
        var answer = asked.remove(step);
        if (answer != null) {
            answer.cancel(false);
        }
    }

    /** Forgets all steps that begin so. */
    void forgetAll(String prefix) {
        List.copyOf(asked.keySet()).stream()
                .filter(step -> step.startsWith(prefix))
                .forEach(this::forget);
    }
}
