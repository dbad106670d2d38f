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
 * @param usersLimit users it takes at most
 */
record ShardIdentity(ShardId id, ShardType type, PoolId pool, int usersLimit) {
    static ShardIdentity of(ShardAssignment assignment) {
        return new ShardIdentity(
                new ShardId(assignment.getShard()),
                assignment.getType(),
                PoolId.parse(assignment.getPool()),
                assignment.getUsersLimit());
    }

    static ShardIdentity of(ShardRecord shard) {
        return new ShardIdentity(
                new ShardId(shard.getShard()), shard.getType(), PoolId.parse(shard.getPool()), shard.getUsersLimit());
    }

    boolean isDirectory() {
        return type == ShardType.SHARD_TYPE_DIRECTORY;
    }
}
