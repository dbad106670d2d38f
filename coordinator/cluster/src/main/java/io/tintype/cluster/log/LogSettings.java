// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import io.tintype.cluster.config.Meaning;
import java.time.Duration;

/** What a server writes into its log beside what goes wrong. Immutable. */
public record LogSettings(
        @Meaning("Requests for blobs that take longer are logged, 10 a minute at most; each MiB sent or received gives"
                + " them a second more. At most 1 h; 0s: none are.")
        Duration slowRequests) {
    private static final Duration LONGEST = Duration.ofHours(1);

    /** Those of 2 s and more. */
    public static final LogSettings DEFAULTS = new LogSettings(Duration.ofSeconds(2));

    public LogSettings {
        if (slowRequests.isNegative() || slowRequests.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "Setting log.slowRequests is '" + slowRequests.toMillis() + "ms'; it must be 0s to 1h.");
        }
    }
}
