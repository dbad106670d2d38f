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
 */
public record DeleteOptions(
        @Nullable Version ifVersion,
        @Nullable Duration timeout,
        @Nullable RequestId requestId) {
    /** Whatever there is. */
    public static final DeleteOptions DEFAULT = new DeleteOptions(null, null, null);

    /** Only where this is the current version, else {@link VersionConflictException}. */
    public DeleteOptions withIfVersion(Version version) {
        return new DeleteOptions(version, timeout, requestId);
    }

    /** Gives up after this time in all. */
    public DeleteOptions withTimeout(Duration limit) {
        return new DeleteOptions(ifVersion, limit, requestId);
    }

    /** Under this id: to repeat a request whose outcome is unknown. */
    public DeleteOptions withRequestId(RequestId id) {
        return new DeleteOptions(ifVersion, timeout, id);
    }
}
