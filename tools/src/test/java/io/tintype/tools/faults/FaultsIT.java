// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real faults: whatever befalls the processes, wires, disks and clocks of a cluster, nothing that was acknowledged is lost,
 * nothing wrong is served, nothing deleted comes back, and afterwards the cluster is whole again.
 *
 * <p>An ordinary build tries a few faults; {@code -Dfaults=all} tries all, {@code -Dfaults=pairs} every two of them,
 * {@code -Dfaults.minutes=60} ends before the next run after that time, {@code -Dfaults.seed=N} repeats the draws.
 */
@Tag("beside-another")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class FaultsIT {
    private static final Path FOLDER = Path.of("target", "faults").toAbsolutePath();
    private static final long SEED = Long.getLong("faults.seed", new Random().nextLong(1_000_000));
    private static final String WHICH = System.getProperty("faults", "quick");
    private static final long MINUTES = Long.getLong("faults.minutes", 24 * 60);
    private static final Ledger LEDGER = new Ledger();
    private static final AtomicInteger RUNS = new AtomicInteger();
    private static final long BEGUN = System.nanoTime();

    @SuppressWarnings("NullAway.Init")
    private static Machine machine;

    private static @Nullable Running running;

    /** A cluster, and how it looks. */
    private record Running(FaultCluster cluster, View view) {
        void close() throws IOException {
            view.close();
            cluster.close();
        }
    }

    static List<Plan> plans() {
        return Plan.parse(WHICH, SEED);
    }

    @BeforeAll
    static void look() throws IOException {
        Files.createDirectories(FOLDER);
        LoopDisk.releaseLeftovers(FOLDER);
        machine = Machine.look(FOLDER);
    }

    @ParameterizedTest
    @MethodSource("plans")
    void nothingAcknowledgedIsLost(Plan plan) throws Exception {
        skipWithout(plan);
        int number = RUNS.incrementAndGet();
        try {
            var now = cluster();
            var result = new FaultRun(now.cluster(), now.view(), plan, "run-" + number).run(FOLDER);
            LEDGER.add(result);
            System.out.println(Ledger.line(result));
            assertThat(result.problems()).isZero();
        } catch (Exception | AssertionError e) {
            // The next run shall not suffer from what this one left.
            stop();
            fail(
                    "run-%d, %s, seed %d. The logs are in %s; to repeat it: mvn -pl tools -am verify -Pfaults"
                            + " -Dfaults=%s -Dfaults.seed=%d%n%s",
                    number, plan, plan.seed(), FOLDER, plan, plan.seed(), e, e);
        }
    }

    private static void skipWithout(Plan plan) {
        for (var need : plan.needs()) {
            machine.lacks(need).ifPresent(what -> skip(plan, what));
        }
        if (TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - BEGUN) >= MINUTES) {
            skip(plan, "the time is up");
        }
    }

    private static void skip(Plan plan, String why) {
        System.out.println("SKIPPED " + plan + ": " + why);
        LEDGER.skip(plan.toString(), why);
        Assumptions.abort(plan + ": " + why);
    }

    private static Running cluster() throws IOException {
        var now = running;
        if (now == null) {
            var cluster = new FaultCluster(Files.createTempDirectory(FOLDER, "cluster-"), machine, SEED);
            now = new Running(cluster, new View(cluster));
            running = now;
            cluster.start();
            now.view().awaitWhole();
        }
        return now;
    }

    private static void stop() throws IOException {
        var now = running;
        if (now != null) {
            running = null;
            now.close();
        }
    }

    @AfterAll
    static void printTheLedger() throws IOException {
        stop();
        System.out.println("seed " + SEED + "\n" + LEDGER);
    }
}
