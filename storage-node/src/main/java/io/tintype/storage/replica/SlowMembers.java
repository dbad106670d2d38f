// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Notices a member that holds up every write: one that takes {@value ReplicaLimits#SLOW_FACTOR} times as long as the
 * slowest other one, for {@link ReplicaLimits#SLOW_FOR_NANOS} on end. It may leave the in-sync set where enough stay
 * behind, and returns when it has kept up for as long. Confined to the shard's loop.
 */
final class SlowMembers {
    private final Context context;
    private final Followers followers;
    private final Map<NodeId, Long> slowSince = new TreeMap<>();
    private final Map<NodeId, Long> lastSlow = new TreeMap<>();
    private final Set<NodeId> removed = new TreeSet<>();

    SlowMembers(Context context, Followers followers) {
        this.context = context;
        this.followers = followers;
    }

    /** Looks at everybody in sync, and at those that were; to be called at every tick. */
    void look(ShardConfig config) {
        long now = context.now().nanos();
        for (var node : config.replicas().keySet()) {
            boolean looked = config.inSyncOn(node).isPresent() || removed.contains(node);
            if (looked && !node.equals(context.self.node()) && isSlow(config, node, now)) {
                slowSince.putIfAbsent(node, now);
                lastSlow.put(node, now);
            } else {
                slowSince.remove(node);
            }
        }
    }

    private boolean isSlow(ShardConfig config, NodeId node, long now) {
        long rest = followers.ownPace().nanos(now);
        for (var other : config.inSync()) {
            if (!other.node().equals(node) && !other.node().equals(context.self.node())) {
                rest = Math.max(rest, followers.on(other.node()).pace.nanos(now));
            }
        }
        long limit = Math.max(ReplicaLimits.SLOW_FLOOR_NANOS, ReplicaLimits.SLOW_FACTOR * rest);
        return followers.on(node).pace.nanos(now) > limit;
    }

    /** The member that is to leave, if there is one and enough would stay. */
    Optional<Member> toRemove(ShardConfig config) {
        if (config.inSync().size() <= config.minInSync()) {
            return Optional.empty();
        }
        long now = context.now().nanos();
        var found = config.inSync().stream()
                .filter(member -> slowFor(member.node(), now) >= ReplicaLimits.SLOW_FOR_NANOS)
                .findFirst();
        found.ifPresent(member -> removed.add(member.node()));
        return found;
    }

    private long slowFor(NodeId node, long now) {
        var since = slowSince.get(node);
        return since == null ? 0 : now - since;
    }

    /** Whether a replica left for being slow, and has not kept up for long enough since. */
    boolean isHeldBack(NodeId node) {
        var last = lastSlow.get(node);
        if (!removed.contains(node) || last == null) {
            return false;
        }
        if (context.now().nanos() - last < ReplicaLimits.SLOW_FOR_NANOS) {
            return true;
        }
        removed.remove(node);
        return false;
    }
}
