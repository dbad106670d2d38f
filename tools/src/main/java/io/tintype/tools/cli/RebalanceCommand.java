// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.PlanOrder;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype rebalance}: plans that are shown before they are applied. */
@Command(
        name = "rebalance",
        description = "Evens out what nodes carry: shows a plan, applies it, and tells how it goes.",
        subcommands = {
            RebalanceCommand.PlanIt.class,
            RebalanceCommand.Apply.class,
            RebalanceCommand.Status.class,
            RebalanceCommand.Pause.class,
            RebalanceCommand.Resume.class,
            RebalanceCommand.Cancel.class,
            RebalanceCommand.History.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {"  tintype rebalance plan", "  tintype rebalance apply 1f0c33a9be02", "  tintype rebalance status"})
final class RebalanceCommand {
    private static final int STEPS_TOLD = 1_000;
    private static final int WATCH_SECONDS = 2;

    private RebalanceCommand() {}

    /** {@code tintype rebalance plan}. */
    @Command(
            name = "plan",
            description = {
                "Shows what would be moved, why, how long it should take, and what nodes carry before and after.",
                "Changes nothing; the plan is kept for rebalance apply."
            },
            footer = {"  tintype rebalance plan", "  tintype rebalance plan --only-what-must --rate 8388608"})
    static final class PlanIt implements Callable<Integer> {
        @Option(
                names = "--only-what-must",
                description = "Move only what is lost, or on nodes that are drained; even nothing out.")
        private boolean onlyWhatMust;

        @Option(
                names = "--moves",
                paramLabel = "N",
                defaultValue = "0",
                description = "Shards worked on at once, up to 64; 0: the cluster's setting.")
        private int moves;

        @Option(
                names = "--rate",
                paramLabel = "BYTES",
                defaultValue = "0",
                description = "Bytes a second that a node sends, and takes in, at most; 0: the cluster's setting.")
        private long rate;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var made = client.balancing()
                        .makePlan(MakePlanRequest.newBuilder()
                                .setOnlyWhatMust(onlyWhatMust)
                                .setMovesAtOnce(moves)
                                .setBytesPerSecond(rate)
                                .build());
                output.print(PlanDocuments.Proposal.of(made), PlanText.proposal(made));
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype rebalance apply}. */
    @Command(
            name = "apply",
            description = {
                "Has a plan carried out, by whichever coordinator is the controller.",
                "Refuses where the cluster has changed since, the plan was applied before, or another one is being"
                        + " carried out."
            },
            footer = "  tintype rebalance apply 1f0c33a9be02")
    static final class Apply implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "PLAN", description = "The plan's id, as rebalance plan prints it.")
        private String plan;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var applied = client.balancing().apply(plan);
                output.print(
                        PlanDocuments.PlanDocument.of(applied),
                        "plan " + applied.getId() + " is being carried out; tintype rebalance status --watch");
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype rebalance status}. */
    @Command(
            name = "status",
            description = {
                "Tells how a plan goes: bytes that have come, the pace, the time left, and what waits for what.",
                "Where nothing moves, nobody can say how long it takes, and it says so."
            },
            footer = {"  tintype rebalance status", "  tintype rebalance status --watch"})
    static final class Status implements Callable<Integer> {
        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "PLAN",
                defaultValue = "",
                description = "The plan's id; without it, the one that is being carried out, or was last.")
        private String plan;

        @Option(
                names = "--watch",
                description = "Tell again every 2 s until the plan is over; with --json, a line each time.")
        private boolean watch;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() throws InterruptedException {
            try (var client = cluster.connect()) {
                var status = client.balancing().plan(plan, STEPS_TOLD);
                print(status);
                var patience = new Patience(); // whoever looks on stays where a coordinator is restarted meanwhile
                while (watch && status.getPlan().getFinishedAtMs() == 0) {
                    TimeUnit.SECONDS.sleep(WATCH_SECONDS);
                    var id = status.getPlan().getId();
                    status = patience.ask(() -> client.balancing().plan(id, STEPS_TOLD));
                    print(status);
                }
            }
            return ExitCode.OK.number();
        }

        private void print(GetPlanResponse status) {
            var document = PlanDocuments.Status.of(status);
            if (watch) {
                output.printOneOfMany(document, PlanText.status(status) + System.lineSeparator());
            } else {
                output.print(document, PlanText.status(status));
            }
        }
    }

    /** What the three orders share. */
    abstract static class Order implements Callable<Integer> {
        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "PLAN",
                defaultValue = "",
                description = "The plan's id; without it, the one that is being carried out, unless it is a repair.")
        private String plan;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        private final PlanOrder order;

        Order(PlanOrder order) {
            this.order = order;
        }

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var steered = client.balancing().steer(plan, order);
                output.print(
                        PlanDocuments.PlanDocument.of(steered),
                        "plan " + steered.getId() + ": " + PlanText.state(steered.getState()));
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype rebalance pause}. */
    @Command(
            name = "pause",
            description = "Lets a plan begin nothing new; what is under way ends.",
            footer = "  tintype rebalance pause")
    static final class Pause extends Order {
        Pause() {
            super(PlanOrder.PLAN_ORDER_PAUSE);
        }
    }

    /** {@code tintype rebalance resume}. */
    @Command(name = "resume", description = "Lets a paused plan go on.", footer = "  tintype rebalance resume")
    static final class Resume extends Order {
        Resume() {
            super(PlanOrder.PLAN_ORDER_RESUME);
        }
    }

    /** {@code tintype rebalance cancel}. */
    @Command(
            name = "cancel",
            description = {
                "Ends a plan: what is under way is taken back, or ended where that is nearer.",
                "One that is damaged is forgotten, where its id is given: its shards stay as they are assigned."
            },
            footer = "  tintype rebalance cancel")
    static final class Cancel extends Order {
        Cancel() {
            super(PlanOrder.PLAN_ORDER_CANCEL);
        }
    }

    /** {@code tintype rebalance history}. */
    @Command(
            name = "history",
            description = "Lists plans, the newest first, those that the controller began by itself included.",
            footer = "  tintype rebalance history")
    static final class History implements Callable<Integer> {
        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var plans = client.balancing().plans();
                output.table(
                        new PlanDocuments.History(plans.stream()
                                .map(PlanDocuments.PlanDocument::of)
                                .toList()),
                        List.of("plan", "state", "made", "what", "steps>", "bytes>", "took>"),
                        plans.stream().map(PlanText::line).toList());
            }
            return ExitCode.OK.number();
        }
    }
}
