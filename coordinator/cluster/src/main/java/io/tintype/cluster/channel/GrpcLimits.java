// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import java.time.Duration;

/** What all gRPC servers and channels of the cluster hold to, besides {@link io.tintype.model.Limits}. */
public final class GrpcLimits {
    /** A channel with calls under way asks this often whether the other side still answers. */
    public static final Duration KEEPALIVE = Duration.ofSeconds(10);

    /** And takes the connection for dead after this long without an answer. */
    public static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

    /** Servers cut off clients that ask more often. */
    public static final Duration SHORTEST_KEEPALIVE_TAKEN = Duration.ofSeconds(5);

    /** Calls under way on one connection; further ones wait at the client. */
    public static final int CALLS_PER_CONNECTION = 10_000;

    /** Bytes of one call that may be on their way unasked for. */
    public static final int FLOW_CONTROL_WINDOW = 1 << 20;

    /** A connection without calls is closed after this long. */
    public static final Duration IDLE = Duration.ofMinutes(5);

    /** A client's connection without calls is closed by the server after this long. */
    public static final Duration CLIENT_IDLE = Duration.ofMinutes(15);

    /** A client's connection takes new calls for this long, so that clients spread over servers that came later. */
    public static final Duration CLIENT_AGE = Duration.ofHours(12);

    /** And the calls under way on it then have this long to end. */
    public static final Duration CLIENT_AGE_GRACE = Duration.ofHours(1);

    /** Deadline of a call that streams nothing. */
    public static final Duration UNARY_DEADLINE = Duration.ofSeconds(5);

    /** How long a stopping server waits for calls under way. */
    public static final Duration DRAIN = Duration.ofSeconds(5);

    /** How long it waits at least for clients to say that they have read everything. */
    public static final Duration GOODBYE = Duration.ofMillis(500);

    /** Addresses for which channels are kept. */
    public static final int CHANNELS = 20_000;

    private static final long LEAST_INBOUND_BYTES = 16L << 20;
    private static final int INBOUND_SHARE = 3;

    private GrpcLimits() {}

    /**
     * Bytes of memory for messages that have not come whole yet, for a server without a setting for it: a third of what may be
     * used outside the heap, and is not set apart.
     *
     * @param setApart bytes outside the heap that something else takes, as a cache
     */
    public static long inboundBytes(long setApart) {
        return Math.max(LEAST_INBOUND_BYTES, (GrpcMemory.mostBytes() - setApart) / INBOUND_SHARE);
    }
}
