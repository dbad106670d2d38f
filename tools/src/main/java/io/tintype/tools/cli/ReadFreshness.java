// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Consistency;
import io.tintype.client.Freshness;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Mixed into the commands that read: how old the answer may be. */
final class ReadFreshness {
    @Option(
            names = "--max-staleness",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Take an answer that may miss the writes of this last time, 1ms to 1h; it may come from any"
                    + " replica. Without it, an answer that could miss an acknowledged write is never given.")
    private @Nullable Duration maxStaleness;

    Consistency consistency() {
        return maxStaleness == null ? Consistency.linearizable() : Consistency.boundedStaleness(maxStaleness);
    }

    /** Says so when an answer may be old. */
    static void remark(Freshness freshness, PrintWriter err) {
        if (freshness.stale()) {
            err.println("may be stale: the state as of "
                    + freshness.asOf().map(Object::toString).orElse("an unknown time"));
        }
    }
}
