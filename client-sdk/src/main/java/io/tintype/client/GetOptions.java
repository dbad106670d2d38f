// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Version;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a blob is to be read. Immutable: begin with {@link #DEFAULT} and chain the {@code with} methods.
 *
 * @param range which bytes
 * @param ifVersion only this version, else {@link VersionConflictException}; null: the current one
 * @param consistency how fresh the answer must be
 * @param maxBytes most bytes that reading into memory takes, 0 to 2^31 - 9; more is refused with BLOB_TOO_LARGE
 * @param timeout total time with all retries; null: no limit as long as bytes flow
 */
public record GetOptions(
        ByteRange range,
        @Nullable Version ifVersion,
        Consistency consistency,
        int maxBytes,
        @Nullable Duration timeout) {
    /** Most bytes that reading into memory takes unless asked for more. */
    public static final int DEFAULT_MAX_BYTES = 64 << 20;

    /** The whole current version, linearizable. */
    public static final GetOptions DEFAULT =
            new GetOptions(ByteRange.ALL, null, Consistency.linearizable(), DEFAULT_MAX_BYTES, null);

    public GetOptions {
        if (maxBytes < 0 || maxBytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("maxBytes is " + maxBytes);
        }
    }

    /** Only these bytes. */
    public GetOptions withRange(ByteRange stretch) {
        return new GetOptions(stretch, ifVersion, consistency, maxBytes, timeout);
    }

    /** Only these bytes: {@code length} of them (at least 1) from {@code offset}. */
    public GetOptions withRange(long offset, long length) {
        return withRange(ByteRange.of(offset, length));
    }

    /** Only this version. */
    public GetOptions withIfVersion(Version version) {
        return new GetOptions(range, version, consistency, maxBytes, timeout);
    }

    /** This version from whichever replica is nearest and has it, current or not: {@link Consistency#exactVersion}. */
    public GetOptions withExactVersion(Version version) {
        return new GetOptions(range, version, Consistency.exactVersion(), maxBytes, timeout);
    }

    /** As fresh as this. */
    public GetOptions withConsistency(Consistency freshness) {
        return new GetOptions(range, ifVersion, freshness, maxBytes, timeout);
    }

    /** Takes up to this many bytes into memory. */
    public GetOptions withMaxBytes(int bytes) {
        return new GetOptions(range, ifVersion, consistency, bytes, timeout);
    }

    /** Gives up after this time in all. */
    public GetOptions withTimeout(Duration limit) {
        return new GetOptions(range, ifVersion, consistency, maxBytes, limit);
    }
}
