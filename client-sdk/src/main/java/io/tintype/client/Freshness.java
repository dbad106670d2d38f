// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How fresh an answer is.
 *
 * <p>Immutable.
 *
 * @param stale true where writes acknowledged before the read may be missing
 * @param asOfOrNull with stale: the state was current at this time or later
 */
public record Freshness(boolean stale, @Nullable Instant asOfOrNull) {
    /** Nothing acknowledged before the read is missing. */
    public static final Freshness CURRENT = new Freshness(false, null);

    /** With a stale answer: the state was current at this time or later. */
    public Optional<Instant> asOf() {
        return Optional.ofNullable(asOfOrNull);
    }
}
