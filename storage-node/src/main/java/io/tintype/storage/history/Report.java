// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a check found.
 *
 * <p>Immutable.
 *
 * @param keys how many keys it looked at
 * @param operations how many operations
 * @param problems all it found; empty: the run kept its promises
 */
public record Report(int keys, int operations, List<Problem> problems) {
    /** Copies the list. */
    public Report {
        problems = List.copyOf(problems);
    }

    /** Whether nothing is wrong and nothing undecided. */
    public boolean ok() {
        return problems.isEmpty();
    }

    /** This report with the problems that other checks found in the same run. */
    Report with(List<Problem> others) {
        return new Report(
                keys,
                operations,
                Stream.concat(problems.stream(), others.stream()).toList());
    }

    /** For people. */
    @Override
    public String toString() {
        var head = operations + " operations on " + keys + " keys: ";
        return ok()
                ? head + "nothing wrong"
                : head + problems.size() + " problems\n"
                        + problems.stream().map(Problem::toString).collect(Collectors.joining("\n"));
    }
}
