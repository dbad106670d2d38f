// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Version;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a blob is to be looked at. Immutable: begin with {@link #DEFAULT} and chain the {@code with} methods.
 *
 * @param ifVersion only this version, else {@link VersionConflictException}; null: the current one
 * @param consistency how fresh the answer must be
 * @param timeout total time with all retries; null: the client's request timeout
 */
public record HeadOptions(
        @Nullable Version ifVersion,
        Consistency consistency,
        @Nullable Duration timeout) {
    /** The current version, linearizable. */
    public static final HeadOptions DEFAULT = new HeadOptions(null, Consistency.linearizable(), null);

    /** Only this version. */
    public HeadOptions withIfVersion(Version version) {
        return new HeadOptions(version, consistency, timeout);
    }

    /** As fresh as this. */
    public HeadOptions withConsistency(Consistency freshness) {
        return new HeadOptions(ifVersion, freshness, timeout);
    }

    /** Gives up after this time in all. */
    public HeadOptions withTimeout(Duration limit) {
        return new HeadOptions(ifVersion, consistency, limit);
    }
}
