// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request failed for a reason that its caller should know. Anything else that is thrown on a server is a bug, of which
 * the caller learns only INTERNAL.
 *
 * <p>Immutable but for what {@link Throwable} adds. The message is for people: what happened, to what, and what to do.
 */
public class TintypeException extends RuntimeException {
    /** Detail of NOT_PRIMARY and WRONG_SHARD: the shard's id. */
    public static final String SHARD = "shard";

    /** Detail of NOT_PRIMARY: id of the node that leads the shard. */
    public static final String PRIMARY = "primary";

    /** Detail of NOT_PRIMARY: host:port of that node's public API. */
    public static final String ADDRESS = "address";

    /** Detail of NOT_PRIMARY: the shard's epoch. */
    public static final String EPOCH = "epoch";

    /** Detail of VERSION_CONFLICT: the {@link Version#etag} of the version there is. */
    public static final String CURRENT_VERSION = "current_version";

    /** Detail of CHUNKS_MISSING: indexes, separated by commas. */
    public static final String MISSING = "missing";

    private final Reason reason;
    private final Map<String, String> details;
    private final @Nullable Duration retryAfter;

    public TintypeException(Reason reason, String message) {
        this(reason, message, Map.of(), null, null);
    }

    public TintypeException(Reason reason, String message, Map<String, String> details) {
        this(reason, message, details, null, null);
    }

    /** An exception that tells the caller when to try again. */
    public TintypeException(Reason reason, String message, Duration retryAfter) {
        this(reason, message, Map.of(), retryAfter, null);
    }

    public TintypeException(
            Reason reason,
            String message,
            Map<String, String> details,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.details = Map.copyOf(details);
        this.retryAfter = retryAfter;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }

    /** More that programs may use; keys are the constants of this class. */
    public Map<String, String> details() {
        return details;
    }

    /** After which delay a retry can help, where that is known. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
