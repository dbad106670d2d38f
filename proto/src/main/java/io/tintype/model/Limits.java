// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.time.Duration;

/** Limits that are part of the contract: all parties hold to them, and what goes over them is refused with a reason. */
public final class Limits {
    /** Longest user id, in bytes of UTF-8. */
    public static final int MAX_USER_BYTES = 512;

    /** Longest blob name, in bytes of UTF-8. */
    public static final int MAX_NAME_BYTES = 1024;

    /** Largest blob, in bytes, unless a node is set to less. */
    public static final long MAX_BLOB_BYTES = 5L << 30;

    /** Content type, metadata keys and metadata values together, in bytes of UTF-8. */
    public static final int MAX_METADATA_BYTES = 8 << 10;

    /** Longest Cache-Control of a blob or a pool, in characters. */
    public static final int MAX_CACHE_CONTROL = 128;

    /** Latest Expires of answers over HTTP, in milliseconds since 1970: the last moment of the year 9999. */
    public static final long MAX_HTTP_EXPIRES_MS = 253_402_300_799_999L;

    /** Largest blob that travels with its log record, in one message, and is stored as one chunk. */
    public static final int INLINE_BYTES = 256 << 10;

    /** Size of every chunk but the last of a larger blob. Manifests record it, so it may change. */
    public static final int CHUNK_BYTES = 1 << 20;

    /** Most bytes in one data frame. */
    public static final int MAX_FRAME_BYTES = 1 << 20;

    /** Largest gRPC message any party takes: a full frame or chunk with its company. */
    public static final int MAX_MESSAGE_BYTES = 2 << 20;

    /** Largest gRPC metadata any party takes, in bytes. */
    public static final int MAX_GRPC_METADATA_BYTES = 16 << 10;

    /** Most entries on a page of a listing. */
    public static final int MAX_PAGE_SIZE = 1000;

    /** Longest delimiter of a listing, in bytes of UTF-8. */
    public static final int MAX_DELIMITER_BYTES = 16;

    /** Most session tokens in one read. */
    public static final int MAX_SESSION_TOKENS = 16;

    /** Replicas that a node copies to others at a time, and as many that it takes in: whoever wants more waits. */
    public static final int COPIES_AT_ONCE = 2;

    /** Oldest state a reader may ask for. */
    public static final Duration MAX_STALENESS = Duration.ofHours(1);

    /**
     * For how long a cache may take a head for current, counted from when the request for it was sent: what bounds the time
     * for which caches may show what was replaced or deleted.
     */
    public static final Duration HEAD_LEASE = Duration.ofSeconds(5);

    /** The same for the knowledge that there is no such blob. */
    public static final Duration ABSENT_LEASE = Duration.ofSeconds(1);

    /**
     * How long after a change no head lease of before it runs anywhere: {@link #HEAD_LEASE}, and 5 % and 100 ms for clocks
     * that run slower than ours, as with the leases between replicas.
     */
    public static final Duration STRICT_WAIT = Duration.ofMillis(HEAD_LEASE.toMillis() * 105 / 100 + 100);

    /** Longest time to live of a blob. */
    public static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(3650);

    /** For how long a retry under the same request id is recognised. */
    public static final Duration DEDUP_WINDOW = Duration.ofMinutes(15);

    /**
     * For how long the id of a user who was erased is refused. Longer than any retry of a request from before is taken, so that
     * none of them stores anything under whoever is registered by that id later.
     */
    public static final Duration ERASED_ID_REFUSED = Duration.ofHours(24);

    /** After how long an upload that was neither completed nor aborted is given up. */
    public static final Duration UPLOAD_LIFETIME = Duration.ofHours(24);

    /** Media type of what was given none. */
    public static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";

    private Limits() {}
}
