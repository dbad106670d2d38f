// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/**
 * All checks at once, for a run that ended with a look at everything it had been told is stored.
 *
 * <p>That nothing acknowledged is lost follows from linearizability as soon as each key is read once more, with a
 * linearizable read, after its last acknowledged change: the read must then show that change, or a later or open one.
 * {@link #complete} insists on those reads. Pure; any thread.
 */
public final class HistoryCheck {
    private HistoryCheck() {}

    /** Linearizability, versions and sessions. */
    public static Report check(History history, SearchLimits limits) {
        return Linearizability.check(history, limits)
                .with(Versions.check(history))
                .with(Sessions.check(history));
    }

    /** As {@link #check}, and that no acknowledged change went without a look afterwards. */
    public static Report complete(History history, SearchLimits limits) {
        return check(history, limits).with(notLookedAt(history));
    }

    private static List<Problem> notLookedAt(History history) {
        var lastChange = new HashMap<BlobKey, Operation>();
        var lastLook = new HashMap<BlobKey, Long>();
        for (var operation : history.operations()) {
            if (operation.isAcknowledgedWrite()) {
                lastChange.merge(operation.key(), operation, (a, b) -> a.returnedNanos() >= b.returnedNanos() ? a : b);
            } else if (operation.isDefinite()
                    && operation.call() instanceof Call.Read read
                    && read.promise() == Call.Promise.LINEARIZABLE) {
                lastLook.merge(operation.key(), operation.invokedNanos(), Math::max);
            }
        }
        var problems = new ArrayList<Problem>();
        lastChange.forEach((key, change) -> {
            var look = lastLook.get(key);
            if (look == null || look <= change.returnedNanos()) {
                problems.add(new Problem(
                        Problem.Kind.NOT_LOOKED_AT,
                        key,
                        "nothing was read after the last acknowledged change, so its loss would not show",
                        List.of(change)));
            }
        });
        return problems;
    }
}
