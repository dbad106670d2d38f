// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One step of a plan. Immutable.
 *
 * @param kind what is done
 * @param shard to which shard
 * @param fromOrNull the replica that goes; null: none does
 * @param toOrNull the replica that comes, or the member that is to lead; null: none
 * @param leaderOrNull who leads once the replica that goes is gone; null: it does not lead
 * @param bytes about how many bytes travel
 * @param base the nodes the shard is assigned to when the step begins, in order of id
 * @param reason why, for people
 */
public record PlanStep(
        Kind kind,
        ShardId shard,
        @Nullable NodeId fromOrNull,
        @Nullable NodeId toOrNull,
        @Nullable NodeId leaderOrNull,
        long bytes,
        List<NodeId> base,
        String reason) {
    /** What a step does. */
    public enum Kind {
        /** Adds a replica, waits until it is in sync and holds the same, then drops another one. */
        MOVE,
        /** Adds a replica. */
        ADD,
        /** Drops a replica that is more than the pool asks for. */
        DROP,
        /** Hands the lead over; moves no bytes. */
        LEAD
    }

    public PlanStep {
        base = List.copyOf(base);
    }

    /** The replica that goes. */
    public Optional<NodeId> from() {
        return Optional.ofNullable(fromOrNull);
    }

    /** The replica that comes, or the member that is to lead. */
    public Optional<NodeId> to() {
        return Optional.ofNullable(toOrNull);
    }

    /** Who leads once the replica that goes is gone. */
    public Optional<NodeId> leader() {
        return Optional.ofNullable(leaderOrNull);
    }

    /** Where a replica comes. */
    NodeId target() {
        return Objects.requireNonNull(toOrNull);
    }

    PlanStep withBytes(long other) {
        return new PlanStep(kind, shard, fromOrNull, toOrNull, leaderOrNull, other, base, reason);
    }

    /** In words, without the reason. */
    public String text() {
        return switch (kind) {
            case MOVE -> "move shard " + shard + " from " + fromOrNull + " to " + toOrNull;
            case ADD -> "add a replica of shard " + shard + " on " + toOrNull;
            case DROP -> "drop the replica of shard " + shard + " on " + fromOrNull;
            case LEAD -> "let " + toOrNull + " lead shard " + shard;
        };
    }
}
