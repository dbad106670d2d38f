// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.Labels;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.NodeLiveness;
import io.tintype.proto.internal.v1.NodeRegistration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Registrations and livenesses put together into nodes. Confined to one thread.
 *
 * <p>A node that is out of touch keeps the address it was last seen at: it may still serve.
 */
final class NodeTable {
    private final Map<NodeId, NodeRegistration> registrations = new HashMap<>();
    private final Map<NodeId, NodeLiveness> lastSeen = new HashMap<>();
    private final Map<NodeId, Long> liveBoots = new HashMap<>();

    /** Takes in a znode at or below {@code /nodes}; yields the node it speaks of. */
    Optional<NodeId> changed(String path, @Nullable Znode znode) {
        if (path.startsWith(Paths.NODE_REGISTRATIONS + "/")) {
            var id = new NodeId(Paths.lastPart(path));
            if (znode == null) {
                registrations.remove(id);
            } else {
                var registration = ZnodeCodec.NODE_REGISTRATION.decode(path, znode.data());
                var unusedCheckOfTheLabels = Labels.of(registration.getLabelsList());
                registrations.put(id, registration);
            }
            return Optional.of(id);
        }
        if (path.startsWith(Paths.NODE_LIVENESS + "/")) {
            var id = new NodeId(Paths.lastPart(path));
            if (znode == null) {
                liveBoots.remove(id);
            } else {
                var live = ZnodeCodec.NODE_LIVENESS.decode(path, znode.data());
                lastSeen.put(id, live);
                liveBoots.put(id, live.getBootId());
            }
            return Optional.of(id);
        }
        return Optional.empty();
    }

    /** The node as far as is known; empty unless it is registered. */
    Optional<NodeInfo> node(NodeId id) {
        var registration = registrations.get(id);
        if (registration == null) {
            return Optional.empty();
        }
        var live = lastSeen.get(id);
        return Optional.of(new NodeInfo(
                id,
                live == null ? "" : live.getAddress(),
                live == null ? "" : live.getPeerAddress(),
                registration.getRegion(),
                registration.getZone(),
                liveBoots.containsKey(id),
                registration.getDiskBytes(),
                Set.copyOf(registration.getLabelsList()),
                live == null ? 0 : live.getRecordLevel()));
    }
}
