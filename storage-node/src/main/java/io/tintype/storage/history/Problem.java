// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Something in a run that must not be, or that could not be decided.
 *
 * <p>Immutable.
 *
 * @param kind which promise
 * @param key about what
 * @param what in a sentence
 * @param shownBy the operations that show it, few
 */
public record Problem(Kind kind, BlobKey key, String what, List<Operation> shownBy) {
    /** Which promise a run broke. */
    public enum Kind {
        /** No order of operations explains the answers. */
        NOT_LINEARIZABLE,
        /** The checker ran into its limits; neither good nor bad. */
        UNDECIDED,
        /** One version given out twice, or for two contents or names. */
        VERSION_REUSED,
        /** A later change got a lower version. */
        VERSION_FELL,
        /** A read showed content that nobody had asked to write by then, or whose write failed. */
        NEVER_WRITTEN,
        /** A client saw less than it had seen or written before. */
        SESSION_WENT_BACK,
        /** The run did not look at the end at something that it had been told is stored. */
        NOT_LOOKED_AT
    }

    private static final Comparator<Operation> BY_TIME =
            Comparator.comparingLong(Operation::invokedNanos).thenComparingLong(Operation::returnedNanos);

    /** Sorts what shows it by time. */
    public Problem {
        shownBy = shownBy.stream().sorted(BY_TIME).toList();
    }

    /** For people: the sentence, then one line per operation with times in ms of the run's clock. */
    @Override
    public String toString() {
        var text = new StringBuilder()
                .append(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .append(": ")
                .append(key)
                .append(": ")
                .append(what);
        for (var operation : shownBy) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n  %12.3f – %12s ms  client %-4d %s → %s",
                    operation.invokedNanos() / 1e6,
                    operation.isOpen() ? "?" : String.format(Locale.ROOT, "%.3f", operation.returnedNanos() / 1e6),
                    operation.client(),
                    operation.call(),
                    operation.result()));
        }
        return text.toString();
    }
}
