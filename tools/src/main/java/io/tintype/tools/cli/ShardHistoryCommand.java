// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype shard history}: what plans did with a shard, and why. */
@Command(
        name = "history",
        description = {
            "Tells what plans did with a shard, and why, the newest first.",
            "Goes back as far as rebalance history does."
        },
        footer = "  tintype shard history 3")
final class ShardHistoryCommand implements Callable<Integer> {
    /** More than a plan has. */
    private static final int STEPS = 10_000;

    @Parameters(index = "0", paramLabel = "SHARD", description = "The shard's id, as shard ls prints it.")
    private int shard;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    /** What {@code --json} prints: the shard's steps, the newest plan first. */
    record Document(int shard, List<Entry> steps) {}

    /**
     * One step of a plan.
     *
     * @param plan the plan's id
     * @param startedAtMs when the plan began
     */
    record Entry(String plan, long startedAtMs, PlanDocuments.StepDocument step) {}

    private record Made(Plan plan, PlanStep step) {}

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var unused = client.admin().shard(new ShardId(shard)); // one that never was is refused
            var made = made(client);
            output.table(
                    new Document(
                            shard,
                            made.stream()
                                    .map(one -> new Entry(
                                            one.plan().getId(),
                                            one.plan().getStartedAtMs(),
                                            PlanDocuments.StepDocument.of(one.step())))
                                    .toList()),
                    List.of("plan", "began", "what", "phase", "why", "detail"),
                    made.stream().map(ShardHistoryCommand::row).toList());
        }
        return ExitCode.OK.number();
    }

    private List<Made> made(TintypeClient client) {
        var found = new ArrayList<Made>();
        for (var plan : client.balancing().plans()) {
            if (plan.getState() != PlanState.PLAN_STATE_PROPOSED) {
                client.balancing().plan(plan.getId(), STEPS, new ShardId(shard)).getPlan().getStepsList().stream()
                        .filter(step -> step.getShard() == shard)
                        .forEach(step -> found.add(new Made(plan, step)));
            }
        }
        return found;
    }

    private static List<String> row(Made made) {
        return List.of(
                made.plan().getId(),
                Instant.ofEpochMilli(made.plan().getStartedAtMs())
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString(),
                PlanText.what(made.step()),
                PlanText.phase(made.step().getPhase()),
                made.step().getReason(),
                made.step().getDetail());
    }
}
