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
import java.util.function.IntFunction;

/**
 * Who is to be moved where. Immutable.
 *
 * @param steps in the order in which they are begun
 * @param more whether there are others, whom another plan has once these are moved
 */
record MovePlan(List<Step> steps, boolean more) {
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

    /** All users of some shards to a pool, so many at most. */
    static MovePlan toPool(MovesClient moves, List<ShardId> from, PoolId pool, int most) {
        return of(moves, from, i -> MoveTarget.pool(pool), most);
    }

    /** All users of a shard to others, in turn, so many at most. */
    static MovePlan toShards(MovesClient moves, ShardId from, List<ShardId> others, int most) {
        return of(moves, List.of(from), i -> MoveTarget.shard(others.get(i % others.size())), most);
    }

    /** All users of some shards to one other, so many at most. */
    static MovePlan toShard(MovesClient moves, List<ShardId> from, ShardId to, int most) {
        return of(moves, from.stream().filter(shard -> !shard.equals(to)).toList(), i -> MoveTarget.shard(to), most);
    }

    private static MovePlan of(MovesClient moves, List<ShardId> from, IntFunction<MoveTarget> target, int most) {
        var steps = new ArrayList<Step>();
        for (var shard : from) {
            for (var user : moves.residents(shard, most - steps.size() + 1)) {
                if (steps.size() == most) {
                    return new MovePlan(steps, true);
                }
                steps.add(new Step(user, shard, target.apply(steps.size())));
            }
        }
        return new MovePlan(steps, false);
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
