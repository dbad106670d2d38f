// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Decides whether a run looks as if each operation had happened at one instant between its call and its answer (Herlihy
 * and Wing, Linearizability: a correctness condition for concurrent objects, 1990).
 *
 * <p>Names do not depend on each other, so each is checked alone and the run is linearizable exactly if every name is
 * (Horn and Kroening, Faster linearizability checking via P-compositionality, 2015). Besides contents it holds versions to
 * their promise: those of one name only rise, over deletes too. Reads that were promised less than linearizability are
 * left to {@link Sessions} and {@link Versions}. Blobs that expire are not modelled: a run must not let them.
 *
 * <p>Pure; any thread.
 */
public final class Linearizability {
    private Linearizability() {}

    /** Checks all keys with {@link SearchLimits#DEFAULT}. */
    public static Report check(History history) {
        return check(history, SearchLimits.DEFAULT);
    }

    /**
     * Checks all keys. A key that breaks the rule is shown with the fewest operations found that still do so.
     *
     * @param limits per key
     */
    public static Report check(History history, SearchLimits limits) {
        var problems = new ArrayList<Problem>();
        var keys = history.byKey();
        for (var key : keys.entrySet()) {
            var relevant = relevant(key.getValue());
            var answer = KeySearch.search(relevant, limits);
            if (answer == KeySearch.Answer.NO) {
                var shown = Counterexample.of(relevant, limits);
                problems.add(new Problem(
                        Problem.Kind.NOT_LINEARIZABLE,
                        key.getKey(),
                        "no order of these " + shown.size() + " of " + relevant.size()
                                + " operations explains what clients saw",
                        shown));
            } else if (answer == KeySearch.Answer.UNDECIDED) {
                problems.add(new Problem(
                        Problem.Kind.UNDECIDED,
                        key.getKey(),
                        "gave up on " + relevant.size() + " operations after " + limits.maxSteps() + " steps or "
                                + limits.maxConfigurations() + " configurations: record fewer operations per key",
                        List.of()));
            }
        }
        return new Report(keys.size(), history.operations().size(), problems);
    }

    /** What can make a difference: no failed operation, no weaker read, no open change that nothing could have shown. */
    static List<Operation> relevant(List<Operation> operations) {
        var answered = operations.stream()
                .filter(o -> o.isOpen() || (o.isDefinite() && isLinearizable(o)))
                .toList();
        if (answered.stream().anyMatch(Linearizability::asksForAState)) {
            return answered;
        }
        var found = new HashSet<String>();
        boolean gone = false;
        for (var operation : answered) {
            if (operation.result() instanceof Result.Found f) {
                found.add(f.digest());
            }
            gone |= operation.result() instanceof Result.Missing || operation.result() instanceof Result.Deleted;
        }
        boolean absenceShows = gone;
        boolean presenceShows = answered.stream().anyMatch(o -> o.result() instanceof Result.Deleted);
        return answered.stream()
                .filter(o -> !o.isOpen()
                        || (o.call() instanceof Call.Put put
                                ? presenceShows || found.contains(put.digest())
                                : absenceShows))
                .toList();
    }

    private static boolean isLinearizable(Operation operation) {
        return !(operation.call() instanceof Call.Read read) || read.promise() == Call.Promise.LINEARIZABLE;
    }

    private static boolean asksForAState(Operation operation) {
        return (operation.call() instanceof Call.Put put && !put.condition().equals(Condition.ANY))
                || (operation.call() instanceof Call.Delete delete
                        && !delete.condition().equals(Condition.ANY));
    }
}
