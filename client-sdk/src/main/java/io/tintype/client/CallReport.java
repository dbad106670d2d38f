// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Reason;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one operation went, from the caller's first word to its end. Immutable.
 *
 * @param operation the RPC's name, such as "Put" or "Get"
 * @param elapsed time with all retries
 * @param attempts tries, 1 where the first one did it
 * @param bytes bytes of blobs that went over the wire and were kept, either way
 * @param failureOrNull why it failed; null: it succeeded
 */
public record CallReport(
        String operation,
        Duration elapsed,
        int attempts,
        long bytes,
        @Nullable Reason failureOrNull) {
    /** Why it failed; empty: it succeeded. */
    public Optional<Reason> failure() {
        return Optional.ofNullable(failureOrNull);
    }
}
