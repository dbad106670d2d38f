// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Limits;
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

    /**
     * How long the news that records are committed waits for further records to ride on: under load it costs followers no
     * message of its own, and they apply several records at a time.
     */
    public static final Duration COMMIT_LINGER = Duration.ofMillis(2);

    /** Bytes sent to one follower of one shard and not acknowledged yet; then sending pauses. */
    public static final long FOLLOWER_WINDOW_BYTES = 8L << 20;

    /** Records handed to the state machine at a time. */
    public static final int APPLY_RECORDS = 256;

    /** Reads of one shard that wait for records to be applied; further ones are OVERLOADED. */
    public static final int WAITING_READS = 1_024;

    /** Most who watch the heads of one shard. */
    public static final int HEAD_WATCHERS = 1_000;

    /** Changes of heads that are kept for watchers whose connection breaks. */
    public static final int HEADS_REMEMBERED = 1_000;

    /** How long a read with a session token waits for it to be applied. */
    public static final Duration SESSION_WAIT = Duration.ofSeconds(2);

    /** How long staging waits for a slow follower, which must fetch the chunk by itself then. */
    public static final Duration STAGING_WAIT = Duration.ofSeconds(2);

    /** Default of the bytes a second that a node sends as snapshots, and takes in: little enough not to be noticed. */
    public static final long SNAPSHOT_BYTES_PER_SECOND = 32L << 20;

    /** Snapshots that a node sends at a time; who asks for another one asks again later. */
    public static final int SNAPSHOTS_SENT = Limits.COPIES_AT_ONCE;

    /** Snapshots that a node installs at a time; further replicas wait. */
    public static final int SNAPSHOTS_INSTALLED = Limits.COPIES_AT_ONCE;

    /** Beats out of turn, one a tick, of a primary that may serve no read; then it waits for those that come by the clock. */
    public static final int BEATS_FOR_LEASES = 20;

    /** Bytes of keys and values in one message of a snapshot, unless a single entry has more. */
    public static final int SNAPSHOT_PART_BYTES = 512 << 10;

    /** A snapshot of which nothing comes for so long is given up and asked for again. */
    public static final Duration SNAPSHOT_STALL = Duration.ofSeconds(60);

    /** Logs are kept for so long for a replica that is away; then it gets a snapshot. */
    public static final Duration LOG_KEPT = Duration.ofHours(1);

    /** And up to so many bytes, whatever their age. */
    public static final long LOG_KEPT_BYTES = 1L << 30;

    /** How long an order of an operator may take. */
    public static final int ORDER_SECONDS = 5;

    /** How long a node that ends tries to hand over what it leads, and to be left out of what it follows. */
    public static final Duration LEAVE = Duration.ofSeconds(5);

    /** Memory that a record takes besides its bytes, about. */
    static final int RECORD_OVERHEAD_BYTES = 256;

    private ShardLimits() {}
}
