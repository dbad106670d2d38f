// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** The replicas this node holds. Thread-safe; never blocks. */
public interface Shards {
    /** The replica of a shard, if this node holds one that runs. */
    Optional<ShardReplica> find(ShardId id);

    /** Replicas that are on this node's disk and cannot run, and why. */
    default Map<ShardId, String> broken() {
        return Map.of();
    }

    /** All that run. */
    Collection<ShardReplica> all();
}
