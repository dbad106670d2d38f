// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import java.time.Duration;

/** Bounds of what nodes have under way between each other. */
public final class PeerLimits {
    /** Version of what nodes say to each other. */
    public static final int PROTOCOL = 1;

    /** Bytes of chunks sent to one node for staging and not answered yet; further ones wait. */
    public static final long STAGING_WINDOW_BYTES = 8L << 20;

    /** Bytes of chunks that wait to be sent to one node for staging; further ones fail at once. */
    public static final long STAGING_QUEUE_BYTES = 16L << 20;

    /** Chunks from one node that are being put on the disk at a time. */
    static final int STAGING_TAKEN = 8;

    /** Chunks asked for in one call. */
    static final int FETCHED_CHUNKS = 256;

    /** A connection over which a node has not answered for so long is replaced. */
    static final Duration SILENCE = Duration.ofSeconds(2);

    /** Heartbeats that somebody asks for come no sooner after the last ones. */
    static final Duration ROUNDS_APART = Duration.ofMillis(20);

    /** Rounds of heartbeats to one node without an answer; then the stream is opened anew. More than {@link #SILENCE} has room for. */
    static final int OPEN_ROUNDS = 128;

    /** How long a round waits for what shards say; those that say nothing until then are left out of it. */
    static final Duration ROUND = Duration.ofMillis(200);

    /** Records in one message. */
    static final int RECORDS = 8_192;

    /** How long a question about an election may take. */
    static final Duration BALLOT_DEADLINE = Duration.ofSeconds(1);

    /** How long a question about a replica may take. */
    static final Duration DESCRIBE_DEADLINE = Duration.ofSeconds(2);

    /** How long fetching some chunks may take. */
    static final Duration FETCH_DEADLINE = Duration.ofSeconds(60);

    private PeerLimits() {}
}
