// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.log.LogPosition;
import java.time.Duration;

/** How fresh a read must be. Immutable, each of them. */
public sealed interface ReadDemand {
    /** Sees every write acknowledged before the read began. Served by the primary. */
    record Linearizable() implements ReadDemand {}

    /**
     * Sees at least one place in the log. Served by every replica, which waits up to {@link ShardLimits#SESSION_WAIT}.
     *
     * @param atLeast from the session's newest token of this shard
     */
    record Session(LogPosition atLeast) implements ReadDemand {}

    /** One version of a blob, current or not: the value shows which it is. Served by every replica that has state. */
    record AnyState() implements ReadDemand {}

    /**
     * May be old, but not older than this. Served by every replica that hears its primary.
     *
     * @param atMost the oldest state that will do
     */
    record BoundedStaleness(Duration atMost) implements ReadDemand {}
}
