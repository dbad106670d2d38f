// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What operators do with single nodes: the commands below {@code tintype node} that change something. */
final class NodeCare {
    private static final int PERMILLE_OF_PERCENT = 10;

    private NodeCare() {}

    /** What these commands share. */
    abstract static class OfNode implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "NODE", description = "The node's id, as node ls prints it.")
        String node;

        @Mixin
        ClusterOptions cluster;

        @Mixin
        OutputOptions output;

        @Override
        public Integer call() throws InterruptedException {
            try (var client = cluster.connect()) {
                return run(client).number();
            }
        }

        abstract ExitCode run(TintypeClient client) throws InterruptedException;

        final SetNodeIntentRequest.Builder intent() {
            return SetNodeIntentRequest.newBuilder().setNode(node);
        }

        final ExitCode tell(NodeIntentView intent) {
            output.print(
                    new Intent(
                            intent.getNode(),
                            intent.getDraining(),
                            intent.getMaintenance(),
                            intent.getWeightPermille()),
                    String.format(
                            Locale.ROOT,
                            "node %s: %s, %s, weight %.1f %%",
                            intent.getNode(),
                            intent.getDraining() ? "to be drained" : "not drained",
                            intent.getMaintenance() ? "in maintenance" : "not in maintenance",
                            (double) intent.getWeightPermille() / PERMILLE_OF_PERCENT));
            return ExitCode.OK;
        }
    }

    /** What commands that change what is wanted of a node print with {@code --json}. */
    record Intent(String node, boolean draining, boolean maintenance, int weightPermille) {}

    /** {@code tintype node drain}. */
    @Command(
            name = "drain",
            description = {
                "Moves everything off a node, and gives it nothing more.",
                "Refuses, and says what is missing, where it would not all fit elsewhere."
            },
            footer = {"  tintype node drain node2 --preview", "  tintype node drain node2"})
    static final class Drain extends OfNode {
        @Option(names = "--preview", description = "Only show the plan; change nothing.")
        private boolean preview;

        @Override
        ExitCode run(TintypeClient client) {
            var made = client.balancing()
                    .makePlan(MakePlanRequest.newBuilder().setDrain(node).build());
            boolean blocked = made.getProblemsList().stream().anyMatch(problem -> problem.getBlocking());
            if (preview || blocked) {
                output.print(
                        PlanDocuments.Proposal.of(made),
                        blocked ? PlanText.shown(made) : PlanText.shown(made, "tintype node drain " + node));
                return blocked ? ExitCode.CONFLICT : ExitCode.OK;
            }
            var unused = client.balancing().want(intent().setDraining(true).build());
            try {
                return apply(client, made);
            } catch (TintypeException e) {
                throw new TintypeException(
                        e.reason(),
                        e.getMessage() + ". Node " + node + " is given nothing more, but what it holds stays for now:"
                                + " repeat tintype node drain " + node + ", or take it back, tintype node undrain "
                                + node,
                        e.details(),
                        e.retryAfter().orElse(null),
                        e);
            }
        }

        private ExitCode apply(TintypeClient client, MakePlanResponse made) {
            if (made.getPlan().getId().isEmpty()) {
                output.print(PlanDocuments.Proposal.of(made), emptied(made));
                return ExitCode.OK;
            }
            var applied = client.balancing().apply(made.getPlan().getId());
            var begun =
                    applied.toBuilder().clearSteps().addAllSteps(made.getPlan().getStepsList());
            output.print(
                    PlanDocuments.Proposal.of(made.toBuilder().setPlan(begun).build()),
                    PlanText.shown(
                            made,
                            "plan " + applied.getId() + " is being carried out; tintype rebalance status --watch"));
            return ExitCode.OK;
        }

        private String emptied(MakePlanResponse made) {
            return made.getReadCopies() == 0
                    ? "node " + node + " holds nothing, and is given nothing more"
                    : "node " + node + " holds no replica that counts, and is given nothing more; it keeps "
                            + PlanText.readCopies(made) + ". See how many are left: tintype node show " + node;
        }
    }

    /** {@code tintype node undrain}. */
    @Command(
            name = "undrain",
            description = "Lets a node be given replicas again. A plan that drains it goes on unless it is cancelled.",
            footer = "  tintype node undrain node2")
    static final class Undrain extends OfNode {
        @Override
        ExitCode run(TintypeClient client) {
            return tell(client.balancing().want(intent().setDraining(false).build()));
        }
    }

    /** {@code tintype node remove}. */
    @Command(
            name = "remove",
            description = "Forgets a node that is down. Refuses while it holds anything.",
            footer = "  tintype node remove node2")
    static final class Remove extends OfNode {
        @Override
        ExitCode run(TintypeClient client) {
            client.balancing().removeNode(node);
            output.print(new Removed(node), "node " + node + " is forgotten");
            return ExitCode.OK;
        }

        /** What {@code node remove --json} prints. */
        record Removed(String removed) {}
    }

    /** {@code tintype node maintenance}. */
    @Command(
            name = "maintenance",
            description = "Says that a node may be away for a while: it is not replaced, and is given nothing.",
            footer = {"  tintype node maintenance node2 on", "  tintype node maintenance node2 off"})
    static final class Maintenance extends OfNode {
        @Parameters(index = "1", paramLabel = "on|off", description = "Whether it is in maintenance.")
        private Switch state;

        /** On or off, as typed. */
        enum Switch {
            /** In maintenance. */
            on,
            /** Not. */
            off
        }

        @Override
        ExitCode run(TintypeClient client) {
            return tell(client.balancing()
                    .want(intent().setMaintenance(state == Switch.on).build()));
        }
    }

    /** {@code tintype node weight}. */
    @Command(
            name = "weight",
            description = "Sets how much a node should carry, in percent of what its disk would give it.",
            footer = "  tintype node weight node2 50")
    static final class Weight extends OfNode {
        private static final int MAX_PERCENT = 10_000;

        @Parameters(index = "1", paramLabel = "PERCENT", description = "1 to 10000; 100 is the usual.")
        private int percent;

        @Override
        ExitCode run(TintypeClient client) {
            if (percent < 1 || percent > MAX_PERCENT) {
                throw new CommandFailure(ExitCode.USAGE, "PERCENT is " + percent + "; give 1 to " + MAX_PERCENT);
            }
            return tell(client.balancing()
                    .want(intent().setWeightPermille(percent * PERMILLE_OF_PERCENT)
                            .build()));
        }
    }
}
