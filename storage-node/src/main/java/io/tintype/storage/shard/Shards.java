// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.Collection;
import java.util.Optional;

/** The replicas this node holds. Thread-safe; never blocks. */
public interface Shards {
    /** The replica of a shard, if this node holds one that runs. */
    Optional<ShardReplica> find(ShardId id);

    /** All that run. */
    Collection<ShardReplica> all();
}
