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

    private ReplicaLimits() {}
}
