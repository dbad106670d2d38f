// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import com.google.protobuf.InvalidProtocolBufferException;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.NodeLiveness;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A storage node's place in ZooKeeper: a persistent registration and an ephemeral liveness, which comes back by itself
 * after a lost session. Thread-safe.
 *
 * <p>While a node is live nobody can take its registration away. Before that somebody may: an operator who removes it while it
 * is out of touch, say. So each time its liveness was made the node registers anew where it has to, as at a start of it.
 *
 * <p>A node is who its data directory is. Another directory may take over an id only while nobody lives under it; what the
 * former one held is then gone as far as the shards are concerned, since replicas carry incarnations of their own.
 */
public final class NodeRegistration implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeRegistration.class);

    private final ZkSession session;
    private final String livePath;
    private final Presence presence;
    private final CompletableFuture<Void> registered;

    private NodeRegistration(ZkSession session, NodePresence node) {
        this.session = session;
        this.livePath = Paths.nodeLiveness(node.id().value());
        var claim = new NodeClaim(session, node);
        var liveness = NodeLiveness.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setBootId(node.bootId())
                .setAddress(node.address())
                .setPeerAddress(node.peerAddress())
                .setRecordLevel(RecordLevels.CURRENT)
                .build();
        this.presence = new Presence(
                session,
                livePath,
                ZnodeCodec.NODE_LIVENESS.encode(livePath, liveness),
                node.bootId(),
                NodeRegistration::bootIdOf,
                claim::confirm);
        this.registered = claim.claim().thenCompose(claimed -> {
            presence.ensure();
            return presence.first();
        });
    }

    /**
     * Begins to register. Nothing blocks: {@link #registered} tells when it is done.
     *
     * @param node what to tell of this node
     */
    public static NodeRegistration start(ZkSession session, NodePresence node) {
        return new NodeRegistration(session, node);
    }

    /**
     * Completes when the node is registered and live for the first time. Fails with {@link NodeIdInUseException} where
     * another data directory lives under this id, and with {@link NodeInAnotherRegionException} where this one was written in
     * another region.
     */
    public CompletableFuture<Void> registered() {
        return registered.copy();
    }

    /**
     * When this process was first registered, by ZooKeeper's clock, in milliseconds since 1970: the time of somebody whose
     * clock is not this machine's. Completes after {@link #registered}; fails without ZooKeeper.
     */
    public CompletableFuture<Long> registeredAtMs() {
        return registered
                .thenCompose(done -> session.znodes().sync(livePath))
                .thenCompose(done -> session.znodes().get(livePath))
                .thenApply(found -> found.map(Znode::modifiedMs)
                        .orElseThrow(() -> new IllegalStateException(livePath + " is gone again")));
    }

    /**
     * Completes, with a text for people, when another process has taken this one's place, or another data directory its id:
     * this process must stop. Stays open in all other cases.
     */
    public CompletableFuture<String> displaced() {
        return presence.displaced().copy();
    }

    private static long bootIdOf(byte[] data) {
        try {
            return NodeLiveness.parseFrom(data).getBootId();
        } catch (InvalidProtocolBufferException e) {
            log.warn("a node's liveness cannot be read; taking it for a stranger's", e);
            return 0;
        }
    }

    /** Takes the liveness away; the registration stays. */
    @Override
    public void close() {
        presence.close();
    }
}
