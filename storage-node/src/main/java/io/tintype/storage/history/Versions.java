// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.UserId;
import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What must hold of versions whatever a read was promised: one version is one content of one name, a change that began
 * after another had ended has the higher version, and a read shows only what somebody had asked to write.
 *
 * <p>Works on whole users, since their versions come from one counter. Time and memory are linear in the history but for
 * sorting. Pure; any thread.
 */
public final class Versions {
    private Versions() {}

    private record Issued(UserId user, long number) {}

    private record Content(BlobKey key, String digest) {}

    /** All problems of a history. */
    public static List<Problem> check(History history) {
        var problems = new ArrayList<Problem>();
        var byUser = new HashMap<UserId, List<Operation>>();
        for (var operation : history.operations()) {
            byUser.computeIfAbsent(operation.key().user(), u -> new ArrayList<>())
                    .add(operation);
        }
        reuse(history, problems);
        byUser.values().forEach(operations -> falls(operations, problems));
        neverWritten(history, problems);
        return problems;
    }

    /** The version that a change took; null: not known, or it is no change. */
    static @Nullable Version taken(Operation operation) {
        if (operation.result() instanceof Result.Written written) {
            return written.version();
        }
        return operation.result() instanceof Result.Deleted deleted ? deleted.version() : null;
    }

    private static void reuse(History history, List<Problem> problems) {
        var changes = new HashMap<Issued, Operation>();
        for (var operation : history.operations()) {
            var version = taken(operation);
            if (version == null) {
                continue;
            }
            var other = changes.putIfAbsent(new Issued(operation.key().user(), version.number()), operation);
            if (other != null) {
                problems.add(new Problem(
                        Problem.Kind.VERSION_REUSED,
                        operation.key(),
                        "version number of " + version + " was given to two changes",
                        List.of(other, operation)));
            }
        }
        var contents = new HashMap<Issued, Operation>();
        for (var operation : history.operations()) {
            var shown = content(operation);
            if (shown == null) {
                continue;
            }
            var issued = new Issued(operation.key().user(), shown.number());
            var other = contents.putIfAbsent(issued, operation);
            if (other != null && !same(other, operation)) {
                problems.add(new Problem(
                        Problem.Kind.VERSION_REUSED,
                        operation.key(),
                        "version " + shown + " stands for two contents",
                        List.of(other, operation)));
            }
            var change = changes.get(issued);
            if (change != null && change.result() instanceof Result.Deleted) {
                problems.add(new Problem(
                        Problem.Kind.VERSION_REUSED,
                        operation.key(),
                        "version " + shown + " is that of a delete, and yet has content",
                        List.of(change, operation)));
            }
        }
    }

    /** The version whose content the operation names. */
    private static @Nullable Version content(Operation operation) {
        if (operation.result() instanceof Result.Written written) {
            return written.version();
        }
        return operation.result() instanceof Result.Found found ? found.version() : null;
    }

    private static boolean same(Operation a, Operation b) {
        return a.key().equals(b.key()) && digest(a).equals(digest(b)) && nonce(a) == nonce(b);
    }

    private static int nonce(Operation operation) {
        var version = content(operation);
        return version == null ? 0 : version.nonce();
    }

    private static String digest(Operation operation) {
        if (operation.result() instanceof Result.Found found) {
            return found.digest();
        }
        return operation.call() instanceof Call.Put put ? put.digest() : "";
    }

    /** Against all changes of the user that had ended before this one began, of which the highest is enough. */
    private static void falls(List<Operation> operations, List<Problem> problems) {
        var changes = operations.stream().filter(o -> taken(o) != null).toList();
        var ended = changes.stream()
                .sorted(Comparator.comparingLong(Operation::returnedNanos))
                .toList();
        Operation highest = null;
        int next = 0;
        for (var change : changes) {
            while (next < ended.size() && ended.get(next).returnedNanos() < change.invokedNanos()) {
                var candidate = ended.get(next++);
                if (highest == null || Long.compareUnsigned(number(candidate), number(highest)) > 0) {
                    highest = candidate;
                }
            }
            if (highest != null && Long.compareUnsigned(number(change), number(highest)) <= 0) {
                problems.add(new Problem(
                        Problem.Kind.VERSION_FELL,
                        change.key(),
                        "a change that began after another of the same user had ended got no higher version",
                        List.of(highest, change)));
            }
        }
    }

    /** Its number; 0: it took none. */
    static long number(Operation change) {
        var version = taken(change);
        return version == null ? 0 : version.number();
    }

    private static void neverWritten(History history, List<Problem> problems) {
        Map<Content, Operation> puts = new HashMap<>();
        for (var operation : history.operations()) {
            boolean mayHaveWritten = operation.isOpen() || operation.result() instanceof Result.Written;
            if (mayHaveWritten && operation.call() instanceof Call.Put put) {
                puts.putIfAbsent(new Content(operation.key(), put.digest()), operation);
            }
        }
        for (var operation : history.operations()) {
            if (!(operation.result() instanceof Result.Found found)) {
                continue;
            }
            var put = puts.get(new Content(operation.key(), found.digest()));
            if (put == null) {
                problems.add(new Problem(
                        Problem.Kind.NEVER_WRITTEN,
                        operation.key(),
                        "nobody wrote #" + found.digest() + ", or its write failed",
                        List.of(operation)));
            } else if (put.invokedNanos() > operation.returnedNanos()) {
                problems.add(new Problem(
                        Problem.Kind.NEVER_WRITTEN,
                        operation.key(),
                        "#" + found.digest() + " was read before anybody asked to write it",
                        List.of(operation, put)));
            }
        }
    }
}
