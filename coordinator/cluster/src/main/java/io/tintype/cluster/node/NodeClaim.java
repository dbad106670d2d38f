// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import com.google.protobuf.ByteString;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.proto.internal.v1.NodeRegistration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Enters a node's persistent registration, unless another data directory lives under its id. */
final class NodeClaim {
    private static final Logger log = LoggerFactory.getLogger(NodeClaim.class);

    private final ZkSession session;
    private final NodePresence node;
    private final String path;
    private final NodeRegistration mine;
    private final CompareAndSet<NodeRegistration> registrations;

    NodeClaim(ZkSession session, NodePresence node) {
        this.session = session;
        this.node = node;
        this.path = Paths.nodeRegistration(node.id().value());
        this.mine = NodeRegistration.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setId(node.id().value())
                .setDataId(ByteString.copyFrom(node.dataId()))
                .setRegion(node.region())
                .setZone(node.zone())
                .setDiskBytes(node.diskBytes())
                .addAllLabels(node.labels())
                .build();
        this.registrations =
                new CompareAndSet<>(session.znodes(), ZnodeCodec.NODE_REGISTRATION, NodeRegistration::equals);
    }

    /**
     * Claims the id once more for a node that is live. Another data directory in its place came later, while this one was out of
     * touch, or took the id at the same moment: then this fails with {@link NodeIdInUseException}, and of the two one stays.
     */
    CompletableFuture<Void> confirm() {
        return registrations
                .create(path, mine)
                .thenCompose(outcome -> {
                    if (outcome instanceof CasOutcome.Lost<NodeRegistration> lost) {
                        refuseOfAnotherDirectory(lost.current().value());
                        return replaceIfNeeded(outcome);
                    }
                    return CompletableFuture.completedFuture(null);
                })
                .exceptionally(failure -> {
                    if (ZkErrors.unwrap(failure) instanceof ZnodeFormatException) {
                        log.error(
                                "the registration of node {} cannot be understood; it goes on as it is",
                                node.id(),
                                failure);
                        return null;
                    }
                    throw new CompletionException(ZkErrors.unwrap(failure));
                });
    }

    private void refuseOfAnotherDirectory(NodeRegistration there) {
        if (!there.getDataId().equals(mine.getDataId())) {
            throw new NodeIdInUseException(
                    "Node id '" + node.id() + "' was taken by a node with another data directory while"
                            + " this one was out of touch, or started. Give one of them an id of its own.");
        }
    }

    /** Completes when the id is this node's; fails with {@link NodeIdInUseException} or {@link NodeInAnotherRegionException} where it cannot be. */
    CompletableFuture<Void> claim() {
        return registrations.create(path, mine).thenCompose(this::replaceIfNeeded);
    }

    private CompletableFuture<Void> replaceIfNeeded(CasOutcome<NodeRegistration> outcome) {
        if (!(outcome instanceof CasOutcome.Lost<NodeRegistration> lost)) {
            return CompletableFuture.completedFuture(null);
        }
        var there = lost.current();
        if (there.value().getDataId().equals(mine.getDataId())) {
            refuseInAnotherRegion(there.value());
            return replace(there);
        }
        String livePath = Paths.nodeLiveness(node.id().value());
        return session.znodes()
                .sync(livePath)
                .thenCompose(synced -> session.znodes().get(livePath))
                .thenCompose(live -> {
                    refuseWhileAlive(live);
                    log.warn("node {} comes with another data directory than before", node.id());
                    return replace(there);
                });
    }

    private CompletableFuture<Void> replace(Versioned<NodeRegistration> there) {
        return registrations.set(path, there.version(), mine).thenCompose(outcome -> {
            if (outcome instanceof CasOutcome.Missing) {
                return claim();
            }
            return replaceIfNeeded(outcome);
        });
    }

    /** What is on its disk may belong to pools that are pinned to the region it was written in. */
    private void refuseInAnotherRegion(NodeRegistration there) {
        if (!there.getRegion().equals(node.region())) {
            throw new NodeInAnotherRegionException(
                    "The data directory of node '" + node.id() + "' was written in region '"
                            + there.getRegion() + "', and the node is to stand in '" + node.region()
                            + "': its blobs may have to stay where they are. Start it in region '" + there.getRegion()
                            + "' and drain it, or give it an empty data directory.");
        }
    }

    private void refuseWhileAlive(Optional<Znode> live) {
        if (live.isPresent()) {
            throw new NodeIdInUseException("Node id '" + node.id() + "' is in use by a live node with another data"
                    + " directory. Give this node an id of its own, or stop the other one and wait "
                    + session.config().sessionTimeout().toSeconds() + " s.");
        }
    }
}
