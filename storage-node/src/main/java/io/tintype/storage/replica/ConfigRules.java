// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which configuration is valid, and which may follow which. The last check in front of every compare-and-set. */
public final class ConfigRules {
    private ConfigRules() {}

    /**
     * Checks that a configuration may replace another one.
     *
     * @throws IllegalStateException naming the rule that is broken: a bug in whoever made the change
     */
    public static void requireSuccessor(ShardConfig old, ShardConfig next) {
        require(next.cfg() == old.cfg() + 1, "cfg must rise by exactly one", old, next);
        require(
                next.epoch() == old.epoch() || next.epoch() == old.epoch() + 1,
                "epoch must stay or rise by exactly one",
                old,
                next);
        require(next.losses() == old.losses() || next.losses() == old.losses() + 1, "losses never fall", old, next);
        require(next.primary() != null, "an elected shard has a primary", old, next);
        require(next.writer() != null, "every change is signed", old, next);
        if (next.epoch() == old.epoch()) {
            require(Objects.equals(next.primary(), old.primary()), "a new primary needs a new epoch", old, next);
            require(next.losses() == old.losses(), "only a new epoch may give up data", old, next);
        }
        require(
                next.electable().isEmpty() || !next.hasEnoughInSync(),
                "nobody stays electable beside a full in-sync set",
                old,
                next);
        require(old.lifecycle() != ShardLifecycle.RETIRED, "a retired shard never changes", old, next);
    }

    private static void require(boolean holds, String rule, ShardConfig old, ShardConfig next) {
        if (!holds) {
            throw new IllegalStateException(rule + ": " + old + " -> " + next);
        }
    }

    /** Checks what must hold of one configuration for itself. */
    static void requireConsistent(
            long epoch,
            @Nullable NodeId primary,
            Set<Member> inSync,
            Set<Member> electable,
            Map<NodeId, ReplicaRole> replicas,
            int minInSync) {
        require(!inSync.isEmpty(), "somebody must be in sync");
        require(minInSync >= 1, "a write needs at least one replica, not " + minInSync);
        require(replicas.size() <= ShardConfig.MAX_REPLICAS, "more than " + ShardConfig.MAX_REPLICAS + " replicas");
        require(epoch >= 0 && (epoch == 0) == (primary == null), "epoch 0, and no other, has no primary");
        var nodes = new HashSet<NodeId>();
        for (var members : List.of(inSync, electable)) {
            for (var member : members) {
                require(nodes.add(member.node()), "node " + member.node() + " is a member twice");
                require(
                        replicas.get(member.node()) == ReplicaRole.VOTER,
                        "member " + member + " is no voter of " + replicas);
            }
        }
        require(
                primary == null
                        || inSync.stream().anyMatch(member -> member.node().equals(primary)),
                "primary " + primary + " is not in sync: " + inSync);
    }

    private static void require(boolean holds, String broken) {
        if (!holds) {
            throw new IllegalArgumentException("inconsistent shard configuration: " + broken);
        }
    }
}
