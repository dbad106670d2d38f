// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.RequestId;
import io.tintype.model.Version;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a blob is to be copied. Immutable: begin with {@link #DEFAULT} and chain the {@code with} methods.
 *
 * @param sourceVersion only this version of the source; null: the current one
 * @param condition what must hold of the current version under the copy's name
 * @param timeout total time with all retries; null: the client's request timeout
 * @param requestId names the request; null: a fresh random one
 * @param requestAge time since the first try under the request id began
 */
public record CopyOptions(
        @Nullable Version sourceVersion,
        Condition condition,
        @Nullable Duration timeout,
        @Nullable RequestId requestId,
        Duration requestAge) {
    /** The current version, unconditionally. */
    public static final CopyOptions DEFAULT = new CopyOptions(null, Condition.none(), null, null, Duration.ZERO);

    /** Only this version of the source. */
    public CopyOptions withSourceVersion(Version version) {
        return new CopyOptions(version, condition, timeout, requestId, requestAge);
    }

    /** Only where the condition holds of the copy's name, else {@link VersionConflictException}. */
    public CopyOptions withCondition(Condition demand) {
        return new CopyOptions(sourceVersion, demand, timeout, requestId, requestAge);
    }

    /** Gives up after this time in all. */
    public CopyOptions withTimeout(Duration limit) {
        return new CopyOptions(sourceVersion, condition, limit, requestId, requestAge);
    }

    /**
     * Repeats a request: to settle an unknown outcome.
     *
     * @param id the id it had, see {@link OutcomeUnknownException#requestId}
     * @param age time since its first try began, as far as known rather more than less; from 15 minutes on it is refused
     */
    public CopyOptions repeating(RequestId id, Duration age) {
        return new CopyOptions(sourceVersion, condition, timeout, id, age);
    }

    /** Under an id of your own choice, drawn at random for this one request. */
    public CopyOptions withRequestId(RequestId id) {
        return repeating(id, Duration.ZERO);
    }
}
