// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.RequestId;
import io.tintype.model.Version;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a blob is to be removed. Immutable: begin with {@link #DEFAULT} and chain the {@code with} methods.
 *
 * @param ifVersion only where this is the current version; null: whatever there is
 * @param timeout total time with all retries; null: the client's request timeout
 * @param requestId names the request; null: a fresh random one
 * @param requestAge time since the first try under the request id began
 * @param strict whether to answer only once no cache shows what was removed
 */
public record DeleteOptions(
        @Nullable Version ifVersion,
        @Nullable Duration timeout,
        @Nullable RequestId requestId,
        Duration requestAge,
        boolean strict) {
    /** Whatever there is. */
    public static final DeleteOptions DEFAULT = new DeleteOptions(null, null, null, Duration.ZERO, false);

    /** Only where this is the current version, else {@link VersionConflictException}. */
    public DeleteOptions withIfVersion(Version version) {
        return new DeleteOptions(version, timeout, requestId, requestAge, strict);
    }

    /**
     * Answers only once no cache of Tintype's shows what was removed, some 5.4 s later. Browsers and CDNs follow their own
     * headers.
     */
    public DeleteOptions untilGoneEverywhere() {
        return new DeleteOptions(ifVersion, timeout, requestId, requestAge, true);
    }

    /** Gives up after this time in all. */
    public DeleteOptions withTimeout(Duration limit) {
        return new DeleteOptions(ifVersion, limit, requestId, requestAge, strict);
    }

    /**
     * Repeats a request: to settle an unknown outcome.
     *
     * @param id the id it had, see {@link OutcomeUnknownException#requestId}
     * @param age time since its first try began, as far as known rather more than less; from 15 minutes on it is refused
     */
    public DeleteOptions repeating(RequestId id, Duration age) {
        return new DeleteOptions(ifVersion, timeout, id, age, strict);
    }

    /** Under an id of your own choice, drawn at random for this one request. */
    public DeleteOptions withRequestId(RequestId id) {
        return repeating(id, Duration.ZERO);
    }
}
