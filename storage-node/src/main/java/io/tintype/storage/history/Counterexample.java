// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Makes a history that is not linearizable as small as it can, in steps that cannot make a good history bad: cut off what
 * came later, leave out an answer that only observed, forget what came of a change.
 *
 * <p>Single use, single thread.
 */
final class Counterexample {
    /** Most searches spent on one key; what is left then is shown as it is. */
    private static final int MAX_SEARCHES = 2_000;

    /** Per search, far less than the check itself had: an undecided step is not taken. */
    private static final SearchLimits QUICK = new SearchLimits(200_000, 50_000);

    private int searches;
    private List<Operation> shown;

    /** The operations that still show it, all on one key. */
    static List<Operation> of(List<Operation> bad, SearchLimits limits) {
        return new Counterexample(bad).shrink(limits);
    }

    private Counterexample(List<Operation> bad) {
        shown = bad;
    }

    private List<Operation> shrink(SearchLimits limits) {
        shown = shortestPrefix(shown, limits);
        int before;
        do {
            before = weight();
            thinOut(Counterexample::observes, o -> List.of());
            thinOut(Operation::isAcknowledgedWrite, o -> List.of(o.opened()));
        } while (weight() < before && searches < MAX_SEARCHES);
        return shown;
    }

    private int weight() {
        return shown.stream().mapToInt(o -> o.isOpen() ? 1 : 2).sum();
    }

    /** Up to the first answer at which no order is left. */
    private static List<Operation> shortestPrefix(List<Operation> bad, SearchLimits limits) {
        long[] ends = bad.stream()
                .filter(o -> !o.isOpen())
                .mapToLong(Operation::returnedNanos)
                .distinct()
                .sorted()
                .toArray();
        int good = -1;
        int known = ends.length - 1;
        while (known - good > 1) {
            int middle = (good + known) >>> 1;
            if (KeySearch.search(prefix(bad, ends[middle]), limits) == KeySearch.Answer.NO) {
                known = middle;
            } else {
                good = middle;
            }
        }
        return prefix(bad, ends[known]);
    }

    private static List<Operation> prefix(List<Operation> all, long end) {
        var prefix = new ArrayList<Operation>();
        for (var operation : all) {
            if (operation.invokedNanos() > end) {
                continue;
            }
            if (operation.isOpen() || operation.returnedNanos() <= end) {
                prefix.add(operation);
            } else if (operation.isWrite()) {
                prefix.add(operation.opened());
            }
        }
        return Linearizability.relevant(prefix);
    }

    private static boolean observes(Operation operation) {
        return !operation.isOpen() && !operation.isAcknowledgedWrite();
    }

    /** Replaces as many as it can of the operations of a kind, in halves, quarters, and so on down to single ones. */
    private void thinOut(Function<Operation, Boolean> kind, Function<Operation, List<Operation>> replacement) {
        for (int run = Math.max(1, shown.size() / 2); run >= 1; run /= 2) {
            for (int from = 0; from < shown.size(); ) {
                if (searches >= MAX_SEARCHES) {
                    return;
                }
                int to = Math.min(from + run, shown.size());
                from = replace(from, to, kind, replacement) ? from : to;
            }
        }
    }

    private boolean replace(
            int from, int to, Function<Operation, Boolean> kind, Function<Operation, List<Operation>> replacement) {
        var smaller = new ArrayList<Operation>();
        boolean any = false;
        for (int i = 0; i < shown.size(); i++) {
            var operation = shown.get(i);
            boolean replaced = i >= from && i < to && kind.apply(operation);
            any |= replaced;
            smaller.addAll(replaced ? replacement.apply(operation) : List.of(operation));
        }
        if (!any) {
            return false;
        }
        var left = Linearizability.relevant(smaller);
        searches++;
        if (KeySearch.search(left, QUICK) != KeySearch.Answer.NO) {
            return false;
        }
        shown = left;
        return true;
    }
}
