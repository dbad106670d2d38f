// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.Executor;

/** This node's replicas, as other nodes reach them. Thread-safe; never blocks. */
public interface PeerShards {
    /** The replica of a shard, if this node holds one that runs. */
    Optional<PeerInbox> find(ShardId id);

    /** All that run. */
    Collection<PeerInbox> all();

    /** Where to call what blocks; refuses with RejectedExecutionException when too much waits. */
    Executor blocking();

    /** Runs something that tells many replicas something, and wakes each of their threads once, when it has ended. */
    void burst(Runnable posting);

    /** Both clocks of the process. */
    Clock clock();
}
