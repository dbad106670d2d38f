// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;

/**
 * What a client may rely on with reads of its session: a version of a name that it has seen or written is never followed,
 * for this client, by an older one; and a name that it has seen is not missing unless somebody tried to delete it (the
 * session guarantees "monotonic reads" and "read your writes" of Terry et al., 1994).
 *
 * <p>Stale reads are promised none of this and are left out. Pure; any thread.
 */
public final class Sessions {
    private Sessions() {}

    private record Seat(int client, BlobKey key) {}

    /** All problems of a history. */
    public static List<Problem> check(History history) {
        var problems = new ArrayList<Problem>();
        var everDeleted = new HashSet<BlobKey>();
        for (var operation : history.operations()) {
            if (operation.call() instanceof Call.Delete && !(operation.result() instanceof Result.Failed)) {
                everDeleted.add(operation.key());
            }
        }
        var seats = new HashMap<Seat, List<Operation>>();
        for (var operation : history.operations()) {
            if (counts(operation)) {
                seats.computeIfAbsent(new Seat(operation.client(), operation.key()), s -> new ArrayList<>())
                        .add(operation);
            }
        }
        seats.forEach((seat, operations) -> check(operations, everDeleted.contains(seat.key()), problems));
        return problems;
    }

    private static boolean counts(Operation operation) {
        return operation.isDefinite()
                && !(operation.call() instanceof Call.Read read && read.promise() == Call.Promise.STALE);
    }

    private static void check(List<Operation> operations, boolean everDeleted, List<Problem> problems) {
        var ended = operations.stream()
                .sorted((a, b) -> Long.compare(a.returnedNanos(), b.returnedNanos()))
                .toList();
        Operation newest = null;
        int next = 0;
        for (var operation : operations) {
            while (next < ended.size() && ended.get(next).returnedNanos() < operation.invokedNanos()) {
                var candidate = ended.get(next++);
                if (number(candidate) != 0
                        && (newest == null || Long.compareUnsigned(number(candidate), number(newest)) > 0)) {
                    newest = candidate;
                }
            }
            if (newest == null || operation.isWrite()) {
                continue;
            }
            if (operation.result() instanceof Result.Missing ? !everDeleted : fell(operation, newest)) {
                problems.add(new Problem(
                        Problem.Kind.SESSION_WENT_BACK,
                        operation.key(),
                        "the client had seen or written something newer",
                        List.of(newest, operation)));
            }
        }
    }

    private static boolean fell(Operation read, Operation newest) {
        return Long.compareUnsigned(number(read), number(newest)) < 0;
    }

    /** The version that the operation showed its client; 0: none. */
    private static long number(Operation operation) {
        if (operation.result() instanceof Result.Found found) {
            return found.version().number();
        }
        if (operation.result() instanceof Result.Written written) {
            return written.version().number();
        }
        if (operation.result() instanceof Result.Deleted deleted && deleted.version() != null) {
            return deleted.version().number();
        }
        return 0;
    }
}
