// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.storage.history.Call;
import io.tintype.storage.history.History;
import io.tintype.storage.history.Operation;
import io.tintype.storage.history.Report;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What one run came to. Immutable.
 *
 * @param faults which
 * @param seed from which everything was drawn
 * @param took from the first operation to the last
 * @param writes acknowledged changes, refused conditions among them
 * @param reads answered reads
 * @param unknown changes of which nobody knows
 * @param refused operations that were refused, or given up unsent
 * @param problems what the checks found
 * @param writePause longest time in which some user had no acknowledged change
 * @param readPause longest time in which some user had no answer to a read that shows everything
 * @param stalePause longest time in which nobody had an answer to a read that may be stale
 * @param healed from the last mending until all copies were in sync
 */
record RunResult(
        String faults,
        long seed,
        Duration took,
        long writes,
        long reads,
        long unknown,
        long refused,
        int problems,
        Duration writePause,
        Duration readPause,
        Duration stalePause,
        Duration healed) {

    /**
     * Counts what is in a history.
     *
     * @param history all of it
     * @param during the part in which clients asked for something all the time
     */
    static RunResult of(String faults, long seed, History history, Report report, History during, Duration healed) {
        var underLoad = during.operations();
        var operations = history.operations();
        long first =
                operations.stream().mapToLong(Operation::invokedNanos).min().orElse(0);
        long last =
                operations.stream().mapToLong(Operation::returnedNanos).max().orElse(0);
        return new RunResult(
                faults,
                seed,
                Duration.ofNanos(last - first),
                count(operations, o -> o.isWrite() && o.isDefinite()),
                count(operations, o -> !o.isWrite() && o.isDefinite()),
                count(operations, Operation::isOpen),
                count(operations, o -> !o.isDefinite() && !o.isOpen()),
                report.problems().size(),
                longestOfAUser(underLoad, Operation::isWrite),
                longestOfAUser(underLoad, o -> isRead(o, Call.Promise.LINEARIZABLE)),
                longest(
                        underLoad.stream()
                                .filter(o -> isRead(o, Call.Promise.STALE))
                                .toList(),
                        underLoad),
                healed);
    }

    /** Operations whose answers must hold. */
    long acknowledged() {
        return writes + reads;
    }

    private static boolean isRead(Operation operation, Call.Promise promise) {
        return operation.call() instanceof Call.Read read && read.promise() == promise;
    }

    private static long count(List<Operation> operations, Predicate<Operation> which) {
        return operations.stream().filter(which).count();
    }

    private static Duration longestOfAUser(List<Operation> operations, Predicate<Operation> which) {
        return operations.stream()
                .filter(which)
                .collect(Collectors.groupingBy(o -> o.key().user()))
                .values()
                .stream()
                .map(some -> longest(some, operations))
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** The longest time between two answers that follow each other, or from the last one to the end of all. */
    private static Duration longest(List<Operation> some, List<Operation> all) {
        var times = some.stream()
                .filter(Operation::isDefinite)
                .mapToLong(Operation::returnedNanos)
                .sorted()
                .toArray();
        long longest = 0;
        for (int i = 1; i < times.length; i++) {
            longest = Math.max(longest, times[i] - times[i - 1]);
        }
        if (times.length > 0) {
            long end = all.stream()
                    .filter(Operation::isDefinite)
                    .mapToLong(Operation::returnedNanos)
                    .max()
                    .orElse(0);
            longest = Math.max(longest, end - times[times.length - 1]);
        }
        return Duration.ofNanos(longest);
    }
}
