// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.DirectoryEntry;

/**
 * Where a user lives, as the directory has it. Immutable.
 *
 * @param shard his shard
 * @param generation rises with every change of home
 * @param pool his pool
 */
public record UserHome(ShardId shard, long generation, PoolId pool) {
    static UserHome of(DirectoryEntry entry) {
        return new UserHome(new ShardId(entry.getHome()), entry.getGeneration(), PoolId.parse(entry.getPool()));
    }
}
