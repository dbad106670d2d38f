// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.NodeRegistration;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what is wanted of nodes that were removed: earlier releases left it behind, and a later node of that id would be drained
 * as soon as it comes. Each goes only if no node of its id is registered at that very moment. Confined to the controller's thread;
 * never blocks.
 */
final class OrphanIntents {
    private static final Logger log = LoggerFactory.getLogger(OrphanIntents.class);

    /** Deleted at a look, at most. */
    static final int AT_ONCE = 16;

    private static final Duration EVERY = Duration.ofMinutes(1);
    private static final NodeRegistration NOBODY =
            NodeRegistration.newBuilder().setFormat(ZnodeCodec.FORMAT).build();

    private final ZkSession session;
    private final LongSupplier nanoTime;
    private long lookedAt;

    OrphanIntents(ZkSession session, LongSupplier nanoTime) {
        this.session = session;
        this.nanoTime = nanoTime;
        inOffice();
    }

    /** A term of office begins: the next look is due. */
    void inOffice() {
        lookedAt = nanoTime.getAsLong() - EVERY.toNanos();
    }

    /**
     * Deletes some, if there are any and it is time to look.
     *
     * @return empty where nothing is to be done
     */
    Optional<CompletableFuture<Term.Outcome>> collect(ClusterView view, Term term) {
        long now = nanoTime.getAsLong();
        if (now - lookedAt < EVERY.toNanos()) {
            return Optional.empty();
        }
        lookedAt = now;
        return view.intents().keySet().stream()
                .filter(node -> view.map().node(node).isEmpty())
                .sorted()
                .limit(AT_ONCE)
                .map(node -> delete(node, term))
                .reduce((one, other) -> one.thenCombine(other, OrphanIntents::worse));
    }

    private static Term.Outcome worse(Term.Outcome one, Term.Outcome other) {
        return one == Term.Outcome.DONE ? other : one;
    }

    private CompletableFuture<Term.Outcome> delete(NodeId node, Term term) {
        String intent = Paths.nodeIntent(node.value());
        String registration = Paths.nodeRegistration(node.value());
        return session.znodes().get(intent).thenCompose(found -> {
            if (found.isEmpty()) {
                return CompletableFuture.completedFuture(Term.Outcome.DONE);
            }
            return term.settle(term.begin()
                            .create(registration, ZnodeCodec.NODE_REGISTRATION, NOBODY)
                            .delete(registration, 0)
                            .delete(intent, found.get().version()))
                    .whenComplete((outcome, failure) -> {
                        if (outcome == Term.Outcome.DONE) {
                            log.info("what was wanted of node {}, which is no more, is forgotten", node);
                        }
                    });
        });
    }
}
