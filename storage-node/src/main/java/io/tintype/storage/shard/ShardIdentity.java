// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;

/**
 * What of a shard never changes while it lives, and what replication does not decide. Immutable.
 *
 * @param id the shard
 * @param type what it keeps
 * @param pool the pool it belongs to
 * @param rules what its pool allowed its users when the replica was opened; {@link Board#rules} has what it does now
 */
record ShardIdentity(ShardId id, ShardType type, PoolId pool, ShardRules rules) {
    static ShardIdentity of(ShardAssignment assignment) {
        return new ShardIdentity(
                new ShardId(assignment.getShard()),
                assignment.getType(),
                PoolId.parse(assignment.getPool()),
                ShardRules.of(assignment));
    }

    static ShardIdentity of(ShardRecord shard) {
        return new ShardIdentity(
                new ShardId(shard.getShard()), shard.getType(), PoolId.parse(shard.getPool()), ShardRules.of(shard));
    }

    boolean isDirectory() {
        return type == ShardType.SHARD_TYPE_DIRECTORY;
    }
}
