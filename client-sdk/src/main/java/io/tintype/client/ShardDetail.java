// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.ShardInfo;
import java.util.List;

/**
 * One shard in detail. Immutable.
 *
 * @param shard as the map has it
 * @param replicas what each replica says of itself
 */
public record ShardDetail(ShardInfo shard, List<ReplicaStatus> replicas) {
    public ShardDetail {
        replicas = List.copyOf(replicas);
    }
}
