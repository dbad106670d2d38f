// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.storage.history.HistoryCheck;
import io.tintype.storage.history.HistoryFile;
import io.tintype.storage.history.SearchLimits;
import io.tintype.tools.balance.Fleet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Nothing befalls the cluster but that its layout changes: in each run a node is drained while clients put, overwrite, delete
 * and read, and then given its share again. What clients saw goes through all checks of histories.
 *
 * <p>{@code -Dlayout.runs=20} makes so many runs, {@code -Dlayout.seed=N} repeats the draws.
 */
@Timeout(value = 2, unit = TimeUnit.HOURS)
@EnabledIfSystemProperty(named = "layout.runs", matches = "[1-9][0-9]*")
final class LayoutIT {
    private static final Logger LOG = Logger.getLogger(LayoutIT.class.getName());
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final List<String> NODES = List.of("n1", "n2", "n3", "n4");
    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_BALANCE_HEADROOM_PERCENT", "1",
            "TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "3");

    @Test
    void clientsSeeNothingOfReplicasThatMove() throws Exception {
        int runs = Integer.getInteger("layout.runs", 1);
        long seed = Long.getLong("layout.seed", new Random().nextLong(1_000_000));
        var failures = Files.createDirectories(Path.of("target", "layout").toAbsolutePath());
        try (var fleet = Fleet.start("layout", SETTINGS)) {
            for (var node : NODES) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            try (var operator = fleet.client("c1")) {
                awaitSafe(operator);
                for (int run = 0; run < runs; run++) {
                    run(fleet, operator, "run" + run, seed + run, failures);
                }
            }
        }
    }

    private static void run(Fleet fleet, TintypeClient operator, String name, long seed, Path failures)
            throws Exception {
        var random = new SplittableRandom(seed);
        var sdk = fleet.builder("c1")
                .requestTimeout(LoadPace.REQUEST)
                .attemptTimeout(LoadPace.ATTEMPT)
                .build();
        try (var load = new Load(sdk, name, random.split())) {
            load.register();
            load.start();
            int moves = change(operator, NODES.get(random.nextInt(NODES.size())));
            load.awaitMore();
            load.stop();
            var during = load.history();
            load.look();
            var history = load.history();
            var report = HistoryCheck.complete(history, SearchLimits.DEFAULT);
            var result = RunResult.of("LAYOUT", seed, history, report, during, Duration.ZERO);
            LOG.info(String.format(
                    "| %d | %d | %d | %d | %d | %d | %.1f | %.1f |",
                    seed,
                    moves,
                    result.writes(),
                    result.reads(),
                    result.unknown(),
                    result.problems(),
                    seconds(result.writePause()),
                    seconds(result.readPause())));
            if (!report.ok()) {
                var file = failures.resolve(name + ".jsonl");
                HistoryFile.write(file, history);
                throw new AssertionError("-Dlayout.seed=" + seed + ": " + report + "\nThe history is kept in " + file);
            }
            assertThat(moves).as("seed %d: replicas moved", seed).isPositive();
        }
    }

    private static double seconds(Duration time) {
        return time.toMillis() / 1_000.0;
    }

    /** Drains a node, and gives it its share again; returns how many steps were made. */
    private static int change(TintypeClient operator, String node) {
        var unused = operator.balancing()
                .want(SetNodeIntentRequest.newBuilder()
                        .setNode(node)
                        .setDraining(true)
                        .build());
        int steps =
                carryOut(operator, MakePlanRequest.newBuilder().setDrain(node).build());
        unused = operator.balancing()
                .want(SetNodeIntentRequest.newBuilder()
                        .setNode(node)
                        .setDraining(false)
                        .build());
        return steps + carryOut(operator, MakePlanRequest.getDefaultInstance());
    }

    private static int carryOut(TintypeClient operator, MakePlanRequest what) {
        var made = Awaitility.await("a plan")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> operator.balancing().makePlan(what), plan -> hasSteps(plan));
        var id = operator.balancing().apply(made.getPlan().getId()).getId();
        Plan over = Awaitility.await("plan " + id + " is over")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> operator.balancing().plan(id, 0).getPlan(), plan -> plan.getFinishedAtMs() != 0);
        assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
        assertThat(over.getNotDone()).isZero();
        awaitSafe(operator);
        return over.getDone();
    }

    private static boolean hasSteps(MakePlanResponse made) {
        return !made.getPlan().getId().isEmpty();
    }

    private static void awaitSafe(TintypeClient operator) {
        Awaitility.await("all shards have all replicas")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> operator.balancing().status(), status -> status.getSafe() && status.getShards() > 0);
    }
}
