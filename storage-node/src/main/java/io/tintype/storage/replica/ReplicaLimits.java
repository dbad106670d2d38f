// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** Bounds of what one replica lets pile up. */
public final class ReplicaLimits {
    /** Records sent to a follower and not acknowledged yet; then sending pauses. */
    public static final int IN_FLIGHT_RECORDS = 512;

    /** Records appended and not committed yet; then proposals are {@link Rejection#OVERLOADED}. */
    public static final int UNCOMMITTED_RECORDS = 4_096;

    /** How far behind the log's end a replica may be when it joins the in-sync set, where every write waits for it. */
    public static final int JOIN_LAG_RECORDS = 64;

    /** Records by which a log is cut off at the front, at least: each cut costs later reads a little. */
    public static final int TRIM_STEP_RECORDS = 1_024;

    /** So much slower than the slowest other one, a member is slow. */
    public static final int SLOW_FACTOR = 5;

    /** Nobody is slow who makes records durable within this time. */
    public static final long SLOW_FLOOR_NANOS = 50_000_000L;

    /** A member that was slow for so long leaves the in-sync set, and returns after it was not for as long. */
    public static final long SLOW_FOR_NANOS = 10_000_000_000L;

    /** How often data of one shard may be given up: each time, all version counters jump. */
    public static final int LOSSES = 32_768;

    /** A replica that has nothing is fed from a log of so many records at most; from a longer one it gets a snapshot. */
    static final int NEWCOMER_RECORDS = 128;

    private ReplicaLimits() {}
}
