// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import io.tintype.model.Version;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a lease that still runs says of a name. Immutable.
 *
 * @param versionOrNull the version that was current; null: there was no such blob
 * @param headOrNull what the fill gave with it; null exactly where the version is
 * @param shard the shard whose primary or replica said so
 * @param asOfNanos it was so at this moment or later, by the cache's clock
 * @param <H> what is kept with a version
 */
public record CachedHead<H>(
        @Nullable Version versionOrNull, @Nullable H headOrNull, int shard, long asOfNanos) {
    /** The version; empty: there was no such blob. */
    public Optional<Version> version() {
        return Optional.ofNullable(versionOrNull);
    }

    /** What the fill gave with the version; empty: there was no such blob. */
    public Optional<H> head() {
        return Optional.ofNullable(headOrNull);
    }
}
