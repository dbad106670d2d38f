// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import com.google.protobuf.ByteString;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.NodeRegistration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Enters a node's persistent registration, unless another data directory lives under its id. */
final class NodeClaim {
    private static final Logger log = LoggerFactory.getLogger(NodeClaim.class);

    private final ZkSession session;
    private final NodePresence node;
    private final CompareAndSet<NodeRegistration> registrations;

    NodeClaim(ZkSession session, NodePresence node) {
        this.session = session;
        this.node = node;
        this.registrations =
                new CompareAndSet<>(session.znodes(), ZnodeCodec.NODE_REGISTRATION, NodeRegistration::equals);
    }

    /** Completes when the id is this node's; fails with {@link NodeIdInUseException} or {@link NodeInAnotherRegionException} where it cannot be. */
    CompletableFuture<Void> claim() {
        String path = Paths.nodeRegistration(node.id().value());
        var mine = NodeRegistration.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setId(node.id().value())
                .setDataId(ByteString.copyFrom(node.dataId()))
                .setRegion(node.region())
                .setZone(node.zone())
                .setDiskBytes(node.diskBytes())
                .addAllLabels(node.labels())
                .build();
        return registrations.create(path, mine).thenCompose(outcome -> replaceIfNeeded(path, mine, outcome));
    }

    private CompletableFuture<Void> replaceIfNeeded(
            String path, NodeRegistration mine, CasOutcome<NodeRegistration> outcome) {
        if (!(outcome instanceof CasOutcome.Lost<NodeRegistration> lost)) {
            return CompletableFuture.completedFuture(null);
        }
        var there = lost.current();
        if (there.value().getDataId().equals(mine.getDataId())) {
            refuseInAnotherRegion(there.value());
            return replace(path, mine, there);
        }
        String livePath = Paths.nodeLiveness(node.id().value());
        return session.znodes()
                .sync(livePath)
                .thenCompose(synced -> session.znodes().get(livePath))
                .thenCompose(live -> {
                    refuseWhileAlive(live);
                    log.warn("node {} comes with another data directory than before", node.id());
                    return replace(path, mine, there);
                });
    }

    private CompletableFuture<Void> replace(String path, NodeRegistration mine, Versioned<NodeRegistration> there) {
        return registrations.set(path, there.version(), mine).thenCompose(outcome -> {
            if (outcome instanceof CasOutcome.Missing) {
                return claim();
            }
            return replaceIfNeeded(path, mine, outcome);
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
