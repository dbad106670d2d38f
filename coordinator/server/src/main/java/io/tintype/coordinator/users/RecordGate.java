// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.node.RecordLevels;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds records back that some node would apply otherwise than the others, because its program is older than what they mean.
 * Pure over what a coordinator knows of the cluster.
 */
final class RecordGate {
    private static final Duration RETRY = Duration.ofSeconds(5);

    private RecordGate() {}

    /**
     * Checks that an entry may change its pool by DIR_REHOME: every live node knows that it can, and every replica of the
     * user's directory shard is live, since one that comes back may come back with an older program.
     *
     * @throws TintypeException UNAVAILABLE where it may not, naming the nodes and what to do
     */
    static void requireRehomeToPool(ClusterView view, UserId user, PoolId from, PoolId to) {
        if (from.equals(to)) {
            return;
        }
        var older = view.map()
                .nodes()
                .filter(NodeInfo::live)
                .filter(node -> node.recordLevel() < RecordLevels.REHOME_TO_POOL)
                .map(node -> node.id().value());
        var away = view.directory().map(layout -> layout.shardOf(user)).flatMap(view.map()::shard).stream()
                .flatMap(shard -> shard.replicas().stream())
                .filter(id -> !view.map().node(id).map(NodeInfo::live).orElse(false))
                .map(id -> id.value() + " (not live)");
        var nodes = Stream.concat(older, away).sorted().collect(Collectors.joining(", "));
        if (!nodes.isEmpty()) {
            throw new TintypeException(
                    Reason.UNAVAILABLE,
                    "User '" + user + "' is entered in pool " + from
                            + ", which was full. He can only be registered in pool "
                            + to + " once every storage node runs a version that knows how: " + nodes
                            + " may not. Upgrade and start these nodes, or make room in " + from + ", then try again.",
                    RETRY);
        }
    }
}
