// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a correct store does is accepted; the same with one answer changed is not. */
final class GeneratedHistoriesTest {
    private static final int SEEDS = 300;

    @Test
    void everyHistoryOfACorrectStoreIsAccepted() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var history = Generated.history(seed, 6, 3, 200, 0.1);

            var report = HistoryCheck.check(history, SearchLimits.DEFAULT);

            assertThat(report.ok()).as("seed %d: %s", seed, report).isTrue();
        }
    }

    @Test
    void aReadChangedToAnEarlierVersionIsRejected() {
        everyMutantIsRejected((history, random) -> {
            var reads = new ArrayList<Operation>();
            for (var read : history.operations()) {
                if (read.result() instanceof Result.Found found
                        && older(history, read, found).isPresent()) {
                    reads.add(read);
                }
            }
            if (reads.isEmpty()) {
                return Optional.empty();
            }
            var read = reads.get(random.nextInt(reads.size()));
            return older(history, read, (Result.Found) read.result()).map(r -> replace(history, read, r));
        });
    }

    @Test
    void aReadChangedToMissAcknowledgedBytesIsRejected() {
        everyMutantIsRejected((history, random) -> {
            // Nobody deletes this name, so nothing excuses an absence after an acknowledged put.
            var deleted = history.operations().stream()
                    .filter(o -> o.call() instanceof Call.Delete)
                    .map(Operation::key)
                    .toList();
            var reads = history.operations().stream()
                    .filter(o -> o.result() instanceof Result.Found && !deleted.contains(o.key()))
                    .filter(o -> history.operations().stream()
                            .anyMatch(w -> w.key().equals(o.key())
                                    && w.result() instanceof Result.Written
                                    && w.returnedNanos() < o.invokedNanos()))
                    .toList();
            return reads.isEmpty()
                    ? Optional.empty()
                    : Optional.of(replace(history, reads.get(random.nextInt(reads.size())), Result.MISSING));
        });
    }

    @Test
    void aConflictChangedToASuccessIsRejected() {
        everyMutantIsRejected((history, random) -> {
            var conflicts = history.operations().stream()
                    .filter(o -> o.call() instanceof Call.Put
                            && o.result() instanceof Result.Conflict conflict
                            && history.operations().stream()
                                    .anyMatch(w -> w.key().equals(o.key())
                                            && w.result() instanceof Result.Written written
                                            && written.version().equals(conflict.current())))
                    .toList();
            if (conflicts.isEmpty()) {
                return Optional.empty();
            }
            var put = conflicts.get(random.nextInt(conflicts.size()));
            // A version of its own, just above the one that stood in its way.
            var current = ((Result.Conflict) put.result()).current();
            assertThat(current).isNotNull();
            return Optional.of(
                    replace(history, put, new Result.Written(new Version(current.number(), current.nonce() + 1))));
        });
    }

    private interface Mutation {
        Optional<History> of(History history, Random random);
    }

    private static void everyMutantIsRejected(Mutation mutation) {
        int mutants = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            var mutant = mutation.of(Generated.history(seed, 4, 6, 120, 0.05), new Random(seed));
            if (mutant.isPresent()) {
                mutants++;
                var report = Linearizability.check(mutant.get());
                assertThat(report.problems())
                        .as("seed %d", seed)
                        .extracting(Problem::kind)
                        .contains(Problem.Kind.NOT_LINEARIZABLE);
                assertThat(report.problems().get(0).shownBy())
                        .as("seed %d: %s", seed, report)
                        .hasSizeLessThan(12);
            }
        }
        assertThat(mutants)
                .as("histories in which there was something to change")
                .isGreaterThan(SEEDS / 4);
    }

    /** An acknowledged version of the same name that had been replaced for certain before the read began. */
    private static Optional<Result> older(History history, Operation read, Result.Found found) {
        return history.operations().stream()
                .filter(o -> o.key().equals(read.key())
                        && o.result() instanceof Result.Written written
                        && replacedBefore(history, o, written.version(), read))
                .findAny()
                .filter(o -> !o.result().equals(new Result.Written(found.version())))
                .map(o -> new Result.Found(((Result.Written) o.result()).version(), ((Call.Put) o.call()).digest()));
    }

    private static boolean replacedBefore(History history, Operation put, Version version, Operation read) {
        return history.operations().stream()
                .anyMatch(o -> o.key().equals(put.key())
                        && o.result() instanceof Result.Written written
                        && written.version().number() > version.number()
                        && o.returnedNanos() < read.invokedNanos());
    }

    private static History replace(History history, Operation old, Result result) {
        List<Operation> operations = new ArrayList<>(history.operations());
        operations.set(
                operations.indexOf(old),
                new Operation(old.client(), old.key(), old.invokedNanos(), old.returnedNanos(), old.call(), result));
        return new History(operations);
    }

    @Test
    void tenThousandOperationsOnFiftyKeysTakeSeconds() {
        var history = Generated.history(42, 16, 50, 10_000, 0.02);

        long began = System.nanoTime();
        var report = HistoryCheck.check(history, SearchLimits.DEFAULT);
        var took = Duration.ofNanos(System.nanoTime() - began);

        assertThat(report.ok()).as(report.toString()).isTrue();
        assertThat(took).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void sixteenAtOnceOnOneKeyIsStillDecided() {
        var history = Generated.history(7, 16, 1, 5_000, 0.01);

        var report = Linearizability.check(history);

        assertThat(report.ok()).as(report.toString()).isTrue();
    }

    @Test
    void realThreadsOnARealRegisterAreAccepted() throws Exception {
        var recorder = new HistoryRecorder(4_000, System::nanoTime);
        var register = new AtomicReference<Optional<Result.Found>>(Optional.empty());
        var key = BlobKey.of("alice", "cat.jpg");
        var pool = Executors.newFixedThreadPool(4);
        try {
            var clients = new ArrayList<Callable<Void>>();
            for (int c = 0; c < 4; c++) {
                int client = c;
                clients.add(() -> {
                    for (int i = 0; i < 1_000; i++) {
                        if (ThreadLocalRandom.current().nextBoolean()) {
                            var digest = client + "." + i;
                            var put = recorder.begin(client, key, new Call.Put(digest));
                            var now = register.updateAndGet(old -> Optional.of(new Result.Found(
                                    new Version(
                                            old.map(f -> f.version().number()).orElse(0L) + 1, 0),
                                    digest)));
                            put.end(new Result.Written(now.orElseThrow().version()));
                        } else {
                            var read = recorder.begin(client, key, new Call.Read());
                            read.end(requireNonNull(register.get())
                                    .<Result>map(f -> f)
                                    .orElse(Result.MISSING));
                        }
                    }
                    return null;
                });
            }
            for (var done : pool.invokeAll(clients)) {
                done.get(30, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }

        var report = HistoryCheck.check(recorder.history(), SearchLimits.DEFAULT);

        assertThat(report.ok()).as(report.toString()).isTrue();
        assertThat(report.operations()).isEqualTo(4_000);
    }
}
