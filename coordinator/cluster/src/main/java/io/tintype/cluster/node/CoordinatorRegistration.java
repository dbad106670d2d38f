// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import com.google.protobuf.InvalidProtocolBufferException;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A coordinator's ephemeral znode, which comes back by itself after a lost session. Thread-safe. */
public final class CoordinatorRegistration implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CoordinatorRegistration.class);

    private final Presence presence;

    private CoordinatorRegistration(Presence presence) {
        this.presence = presence;
    }

    /**
     * Begins to register; {@link #registered} tells when it is done.
     *
     * @param record complete but for its format
     */
    public static CoordinatorRegistration start(ZkSession session, NodeId id, CoordinatorLiveness record) {
        String path = Paths.coordinator(id.value());
        var complete = record.toBuilder().setFormat(ZnodeCodec.FORMAT).build();
        var presence = new Presence(
                session,
                path,
                ZnodeCodec.COORDINATOR.encode(path, complete),
                complete.getBootId(),
                CoordinatorRegistration::bootIdOf,
                () -> CompletableFuture.completedFuture(null));
        presence.ensure();
        return new CoordinatorRegistration(presence);
    }

    /** Completes when the coordinator is registered for the first time. */
    public CompletableFuture<Void> registered() {
        return presence.first().copy();
    }

    /** Completes, with a text for people, when another process has taken this one's id. */
    public CompletableFuture<String> displaced() {
        return presence.displaced().copy();
    }

    private static long bootIdOf(byte[] data) {
        try {
            return CoordinatorLiveness.parseFrom(data).getBootId();
        } catch (InvalidProtocolBufferException e) {
            log.warn("a coordinator's liveness cannot be read; taking it for a stranger's", e);
            return 0;
        }
    }

    @Override
    public void close() {
        presence.close();
    }
}
