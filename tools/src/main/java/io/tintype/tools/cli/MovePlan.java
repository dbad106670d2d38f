// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MoveTarget;
import io.tintype.client.MovesClient;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Who is to be moved where. Immutable.
 *
 * @param steps in the order in which they are begun
 */
record MovePlan(List<Step> steps) {
    private static final int HASH_CHARS = 12;

    /**
     * One user.
     *
     * @param from where he lives
     * @param target where he is to live
     */
    record Step(MovesClient.Resident user, ShardId from, MoveTarget target) {}

    MovePlan {
        steps = List.copyOf(steps);
    }

    /** All users of some shards to a pool. */
    static MovePlan toPool(MovesClient moves, List<ShardId> from, PoolId pool) {
        var steps = new ArrayList<Step>();
        for (var shard : from) {
            moves.residents(shard).forEach(user -> steps.add(new Step(user, shard, MoveTarget.pool(pool))));
        }
        return new MovePlan(steps);
    }

    /** All users of a shard to others, in turn. */
    static MovePlan toShards(MovesClient moves, ShardId from, List<ShardId> others) {
        var steps = new ArrayList<Step>();
        for (var user : moves.residents(from)) {
            steps.add(new Step(user, from, MoveTarget.shard(others.get(steps.size() % others.size()))));
        }
        return new MovePlan(steps);
    }

    /** All users of a shard to one other. */
    static MovePlan toShard(MovesClient moves, List<ShardId> from, ShardId to) {
        var steps = new ArrayList<Step>();
        for (var shard : from) {
            if (!shard.equals(to)) {
                moves.residents(shard).forEach(user -> steps.add(new Step(user, shard, MoveTarget.shard(to))));
            }
        }
        return new MovePlan(steps);
    }

    long bytes() {
        return steps.stream().mapToLong(step -> step.user().bytes()).sum();
    }

    long blobs() {
        return steps.stream().mapToLong(step -> step.user().blobs()).sum();
    }

    /** Names exactly these moves: who, from where, to where. */
    String hash() {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (var step : steps) {
                digest.update((step.user().id() + "\0" + step.from() + "\0" + step.target() + "\n")
                        .getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Why this is not the plan that was agreed to; empty: it is, or none in particular was. */
    Optional<String> differsFrom(String agreed) {
        return agreed.isEmpty() || agreed.equals(hash())
                ? Optional.empty()
                : Optional.of("the plan is " + hash() + " by now, not " + agreed
                        + ": users came, left or were moved since it was printed. Look at the new one");
    }
}
