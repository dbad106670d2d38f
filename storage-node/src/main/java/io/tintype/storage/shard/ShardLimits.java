// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.time.Duration;

/** Bounds of what the shards of a node let pile up. */
public final class ShardLimits {
    /** Proposals of one shard that are not applied yet; further ones are OVERLOADED. */
    public static final int PROPOSALS = 1_024;

    /** Bytes of proposals of all shards of a node not applied yet, less on a small heap; more are OVERLOADED. */
    public static final long PROPOSAL_BYTES = 64L << 20;

    /** Bytes of chunks being staged on a node, less on a small heap; further ones are OVERLOADED. */
    public static final long STAGING_BYTES = 64L << 20;

    /** Bytes of newest records and their chunks that one shard keeps in memory for followers. */
    public static final long TAIL_BYTES = 8L << 20;

    /** The same, for all shards of a node together; less on a small heap. */
    public static final long NODE_TAIL_BYTES = 64L << 20;

    /** Newest records that one shard keeps in memory, at most. */
    public static final int TAIL_RECORDS = 4_096;

    /** Bytes of records and chunks in one message to a follower, unless a single record is larger. */
    public static final int MESSAGE_BYTES = 768 << 10;

    /** Bytes sent to one follower of one shard and not acknowledged yet; then sending pauses. */
    public static final long FOLLOWER_WINDOW_BYTES = 8L << 20;

    /** Records handed to the state machine at a time. */
    public static final int APPLY_RECORDS = 256;

    /** Reads of one shard that wait for records to be applied; further ones are OVERLOADED. */
    public static final int WAITING_READS = 1_024;

    /** How long a read with a session token waits for it to be applied. */
    public static final Duration SESSION_WAIT = Duration.ofSeconds(2);

    /** How long staging waits for a slow follower, which must fetch the chunk by itself then. */
    public static final Duration STAGING_WAIT = Duration.ofSeconds(2);

    /** Memory that a record takes besides its bytes, about. */
    static final int RECORD_OVERHEAD_BYTES = 256;

    private ShardLimits() {}
}
