// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeTransaction;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.NodeLiveness;
import io.tintype.proto.v1.SetNodeIntentRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Writes what operators want of nodes, and forgets nodes that hold nothing. Thread-safe; never blocks. */
final class NodeIntents {
    private static final int MAX_PERMILLE = 100_000;

    /** By then whatever it was that came in between is over. */
    private static final Duration CHANGE_RETRY = Duration.ofSeconds(1);

    /** How often a change is tried again because something else changed at the same moment. */
    private static final int TRIES = 5;

    private final ZkSession session;
    private final Supplier<ClusterView> view;
    private final CompareAndSet<NodeIntent> records;

    NodeIntents(ZkSession session, Supplier<ClusterView> view) {
        this.session = session;
        this.view = view;
        this.records = new CompareAndSet<>(session.znodes(), ZnodeCodec.NODE_INTENT, NodeIntent::equals);
    }

    /** Changes what is set in the request; yields what is wanted then. */
    CompletableFuture<NodeIntent> change(NodeId node, SetNodeIntentRequest request) {
        if (request.hasWeightPermille()
                && (request.getWeightPermille() < 1 || request.getWeightPermille() > MAX_PERMILLE)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "weight_permille is " + Integer.toUnsignedString(request.getWeightPermille()) + "; give 1 to "
                            + MAX_PERMILLE);
        }
        return change(node, request, TRIES);
    }

    /** Together with the check that the node is registered: nothing is wanted of one that is forgotten at the same moment. */
    private CompletableFuture<NodeIntent> change(NodeId node, SetNodeIntentRequest request, int tries) {
        String path = Paths.nodeIntent(node.value());
        String registration = Paths.nodeRegistration(node.value());
        return session.znodes()
                .ensure(Paths.NODE_INTENTS)
                .thenCompose(there -> registration(node))
                .thenCompose(registered -> records.read(path).thenCompose(found -> {
                    int version =
                            registered.orElseThrow(() -> isForgotten(node)).version();
                    var record = changed(found.map(Versioned::value), request);
                    var write = new ZnodeTransaction(session).check(registration, version);
                    found.ifPresentOrElse(
                            before -> write.set(path, ZnodeCodec.NODE_INTENT, record, before.version()),
                            () -> write.create(path, ZnodeCodec.NODE_INTENT, record));
                    return write.commit().thenCompose(result -> {
                        if (result == ZnodeTransaction.Result.MADE) {
                            return CompletableFuture.completedFuture(record);
                        }
                        if (tries == 1) {
                            throw new TintypeException(
                                    Reason.UNAVAILABLE,
                                    "what is wanted of node " + node + " keeps being changed, or the node keeps"
                                            + " starting; look at it, and say it again",
                                    CHANGE_RETRY);
                        }
                        return change(node, request, tries - 1); // also where nobody knows: it is the same twice
                    });
                }));
    }

    private static NodeIntent changed(Optional<NodeIntent> before, SetNodeIntentRequest request) {
        var next = before.map(NodeIntent::toBuilder)
                .orElseGet(NodeIntent::newBuilder)
                .setFormat(ZnodeCodec.FORMAT);
        if (request.hasDraining()) {
            next.setDraining(request.getDraining());
        }
        if (request.hasMaintenance()) {
            next.setMaintenance(request.getMaintenance());
        }
        if (request.hasWeightPermille()) {
            next.setWeightPermille(request.getWeightPermille());
        }
        return next.build();
    }

    private static TintypeException isForgotten(NodeId node) {
        return new TintypeException(
                Reason.NODE_NOT_FOUND,
                "Node '" + node + "' was removed meanwhile. See which there are: tintype node ls");
    }

    /** Forgets a node; fails with WRONG_STATE while it is live or anything is, or should be, on it. */
    CompletableFuture<Void> remove(NodeId node) {
        var now = view.get();
        if (now.map().node(node).map(NodeInfo::live).orElse(false)) {
            throw isLive(node);
        }
        long held = now.map()
                .shards()
                .filter(shard -> shard.replicas().contains(node))
                .count();
        long assigned = now.assignments().values().stream()
                .filter(assignment -> assignment.getReplicasList().stream()
                        .anyMatch(placed -> placed.getNode().equals(node.value())))
                .count();
        if (Math.max(held, assigned) > 0) {
            throw Planning.refused("Node " + node + " still holds replicas of " + Math.max(held, assigned) + " shards. "
                    + (now.intent(node).getDraining() && PlanInputs.readCopies(now, node) == Math.max(held, assigned)
                            ? "They are read copies of pools of other regions, and go once another node of its region can"
                                    + " keep them: add one, or have the pools keep none there (pool change --observers)"
                            : "Drain it: tintype node drain " + node));
        }
        return registration(node)
                .thenCompose(found -> found.isEmpty() // by an earlier call, perhaps, whose answer was lost
                        ? CompletableFuture.completedFuture(null)
                        : forget(node, found.get().version()));
    }

    private CompletableFuture<Optional<Znode>> registration(NodeId node) {
        String path = Paths.nodeRegistration(node.value());
        return session.znodes()
                .sync(path)
                .thenCompose(synced -> session.znodes().get(path));
    }

    /** Forgets a node whose registration has this version, unless it is live. */
    CompletableFuture<Void> forget(NodeId node, int version) {
        String intent = Paths.nodeIntent(node.value());
        String liveness = Paths.nodeLiveness(node.value());
        var nobody = NodeLiveness.newBuilder().setFormat(ZnodeCodec.FORMAT).build();
        var nothing = NodeIntent.newBuilder().setFormat(ZnodeCodec.FORMAT).build();
        return session.znodes()
                .ensure(Paths.NODE_LIVENESS)
                .thenCompose(there -> session.znodes().ensure(Paths.NODE_INTENTS))
                .thenCompose(there -> session.znodes().get(intent))
                .thenCompose(wanted -> {
                    // It may have started again, and the view not know it yet: then its place is taken, and this is
                    // refused.
                    var forget = new ZnodeTransaction(session)
                            .create(liveness, ZnodeCodec.NODE_LIVENESS, nobody)
                            .delete(liveness, 0)
                            .delete(Paths.nodeRegistration(node.value()), version);
                    // Nor is anything left that somebody wants of it at the same moment.
                    wanted.ifPresentOrElse(
                            there -> forget.delete(intent, there.version()),
                            () -> forget.create(intent, ZnodeCodec.NODE_INTENT, nothing)
                                    .delete(intent, 0));
                    return forget.commit()
                            .thenCompose(result -> result == ZnodeTransaction.Result.MADE
                                    ? CompletableFuture.completedFuture(null)
                                    : lookAgain(node));
                });
    }

    /** Refused, too, is what was done already where the answer was lost inside the client, which then sent it once more. */
    private CompletableFuture<Void> lookAgain(NodeId node) {
        return registration(node)
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(null)
                        : session.znodes().get(Paths.nodeLiveness(node.value())).thenAccept(live -> {
                            if (live.isPresent()) {
                                throw isLive(node);
                            }
                            throw new TintypeException(
                                    Reason.UNAVAILABLE,
                                    "node " + node + " may not be forgotten yet; say it again a little later",
                                    CHANGE_RETRY);
                        }));
    }

    private static TintypeException isLive(NodeId node) {
        return Planning.refused("Node " + node + " is live. Stop it first.");
    }
}
