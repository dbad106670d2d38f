// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.storage.history.History;
import io.tintype.storage.history.HistoryCheck;
import io.tintype.storage.history.HistoryFile;
import io.tintype.storage.history.SearchLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;

/**
 * One run: load, faults one into the other, all mended, a look at everything that was told to be stored, and the check of
 * what clients saw.
 */
final class FaultRun {
    /** The second fault of a pair comes this much after the first. */
    private static final Duration APART = Duration.ofSeconds(3);

    /** What clients did under load, and how long it took to mend what was left. */
    private record Struck(History during, Duration healed) {}

    private final FaultCluster cluster;
    private final View view;
    private final Plan plan;
    private final String name;

    /** @param name tells this run from others of the same cluster, as users can be called */
    FaultRun(FaultCluster cluster, View view, Plan plan, String name) {
        this.cluster = cluster;
        this.view = view;
        this.plan = plan;
        this.name = name;
    }

    /**
     * Does it.
     *
     * @param failures where the history of a run that failed is kept
     */
    RunResult run(Path failures) throws Exception {
        cluster.offer(plan.needs());
        view.awaitWhole();
        var random = plan.random();
        try (var load = new Load(cluster.client(), name, random.split())) {
            load.register();
            load.start();
            Struck struck;
            try {
                struck = strike(new Stage(cluster, view, load, random), load);
            } catch (Exception | AssertionError e) {
                keep(load.history(), failures);
                throw e;
            }
            load.look();
            var history = load.history();
            var report = HistoryCheck.complete(history, SearchLimits.DEFAULT);
            var result = RunResult.of(plan.toString(), plan.seed(), history, report, struck.during(), struck.healed());
            if (!report.ok()) {
                throw new AssertionError(report + "\nThe history is kept in " + keep(history, failures));
            }
            return result;
        }
    }

    private Struck strike(Stage stage, Load load) throws Exception {
        var heals = new ArrayList<Heal>();
        try {
            for (var fault : plan.faults()) {
                if (!heals.isEmpty()) {
                    TimeUnit.NANOSECONDS.sleep(APART.toNanos());
                }
                heals.add(fault.inject(stage));
            }
            // The fault must last so long; there is nothing to wait for.
            TimeUnit.NANOSECONDS.sleep(longestHold().toNanos());
        } finally {
            for (var heal : heals) {
                heal.heal();
            }
        }
        var healed = view.awaitWhole();
        load.awaitMore();
        load.stop();
        var during = load.history();
        for (var heal : heals) {
            heal.check();
        }
        view.awaitWhole();
        return new Struck(during, healed);
    }

    private Duration longestHold() {
        return plan.faults().stream()
                .map(FaultKind::hold)
                .max(Duration::compareTo)
                .orElseThrow();
    }

    private Path keep(History history, Path failures) throws IOException {
        var file = failures.resolve(name + ".jsonl");
        HistoryFile.write(file, history);
        return file;
    }
}
