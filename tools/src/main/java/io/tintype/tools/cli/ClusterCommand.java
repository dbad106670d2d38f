// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.NodeFares;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tintype cluster}: how all of it stands. */
@Command(
        name = "cluster",
        description = "Tells whether the data is safe.",
        subcommands = ClusterCommand.Status.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = "  tintype cluster status")
final class ClusterCommand {
    private static final double MICROS = 1_000;

    private ClusterCommand() {}

    /** {@code tintype cluster status}. */
    @Command(
            name = "status",
            description = {
                "Tells at a glance: is the data safe now, what lacks copies, what is being moved, and when it is done.",
                "SAFE: every shard has all its copies. DEGRADED: some lack one, and take writes.",
                "ENDANGERED: some take no writes, or have a single copy in sync.",
                "UNKNOWN: ZooKeeper does not answer, and what is told is as it was last known.",
                "Ends with 4 unless all is safe."
            },
            footer = {"  tintype cluster status", "  tintype cluster status --json | jq .safe"})
    static final class Status implements Callable<Integer> {
        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var status = client.balancing().status();
                output.print(Document.of(status), text(status));
                return (status.getSafe() ? ExitCode.OK : ExitCode.CONFLICT).number();
            }
        }

        private static String text(GetClusterStatusResponse status) {
            var text = new ArrayList<String>();
            text.add(verdict(status) + ": " + status.getSummary());
            if (status.getEndangeredCount() > 0) {
                text.add("");
                text.add(Tables.render(
                        List.of("shard>", "in sync", "missing"),
                        status.getEndangeredList().stream().map(Status::row).toList()));
                int more = status.getUnderReplicated() - status.getEndangeredCount();
                if (more > 0) {
                    text.add("... and " + more + " more: tintype shard ls");
                }
            }
            text.add("");
            text.add(Tables.render(
                    List.of("node", "state", "replicas>", "primaries>", "bytes>", "free>", "p99>", "calls/s>"),
                    status.getNodesList().stream().map(Status::row).toList()));
            status.getPlansList().forEach(plan -> {
                text.add("");
                text.add(PlanText.status(plan));
            });
            return String.join(System.lineSeparator(), text);
        }

        /** The words of the status page. */
        private static String verdict(GetClusterStatusResponse status) {
            if (status.getWithoutWrites() > 0 || status.getOneCopy() > 0) {
                return "ENDANGERED";
            }
            return status.getSafe() ? "SAFE" : status.getStale() ? "UNKNOWN" : "DEGRADED";
        }

        private static List<String> row(EndangeredShard shard) {
            return List.of(
                    Integer.toString(shard.getShard()),
                    shard.getInSync() + " of " + shard.getWanted(),
                    String.join(" ", shard.getMissingList()));
        }

        private static List<String> row(NodeFares node) {
            return List.of(
                    node.getNode(),
                    state(node),
                    Integer.toString(node.getReplicas()),
                    Integer.toString(node.getPrimaries()),
                    Humane.bytes(node.getBytes()),
                    node.getDiskBytes() == 0 ? "?" : Humane.bytes(node.getFreeBytes()),
                    node.getReadP99Micros() == 0 ? "" : Humane.nanos(node.getReadP99Micros() * MICROS),
                    String.format(Locale.ROOT, "%.0f", node.getCallsPerSecond()));
        }

        private static String state(NodeFares node) {
            var words = new ArrayList<String>();
            words.add(node.getLive() ? "live" : "DOWN");
            if (node.getIntent().getDraining()) {
                words.add("draining");
            }
            if (node.getIntent().getMaintenance()) {
                words.add("maintenance");
            }
            if (node.getReplacedInSeconds() == 0) {
                words.add("to be replaced");
            } else if (node.getReplacedInSeconds() > 0) {
                words.add("replaced in " + Humane.seconds(node.getReplacedInSeconds()));
            }
            return String.join(", ", words);
        }
    }

    /** What {@code cluster status --json} prints. */
    record Document(
            boolean safe,
            boolean stale,
            String summary,
            int shards,
            int underReplicated,
            int withoutWrites,
            int oneCopy,
            List<Endangered> endangered,
            List<Fares> nodes,
            List<PlanDocuments.Status> plans,
            List<String> damagedPlans) {
        static Document of(GetClusterStatusResponse status) {
            return new Document(
                    status.getSafe(),
                    status.getStale(),
                    status.getSummary(),
                    status.getShards(),
                    status.getUnderReplicated(),
                    status.getWithoutWrites(),
                    status.getOneCopy(),
                    status.getEndangeredList().stream().map(Endangered::of).toList(),
                    status.getNodesList().stream().map(Fares::of).toList(),
                    status.getPlansList().stream().map(PlanDocuments.Status::of).toList(),
                    List.copyOf(status.getDamagedPlansList()));
        }
    }

    /** A shard that lacks copies. */
    record Endangered(int shard, int inSync, int wanted, int minInsync, List<String> missing) {
        static Endangered of(EndangeredShard shard) {
            return new Endangered(
                    shard.getShard(),
                    shard.getInSync(),
                    shard.getWanted(),
                    shard.getMinInsync(),
                    shard.getMissingList());
        }
    }

    /** How a node fares. */
    record Fares(
            String node,
            boolean live,
            boolean draining,
            boolean maintenance,
            int weightPermille,
            long diskBytes,
            long freeBytes,
            long bytes,
            int replicas,
            int primaries,
            long readP99Micros,
            double callsPerSecond,
            long replacedInSeconds) {
        static Fares of(NodeFares node) {
            return new Fares(
                    node.getNode(),
                    node.getLive(),
                    node.getIntent().getDraining(),
                    node.getIntent().getMaintenance(),
                    node.getIntent().getWeightPermille(),
                    node.getDiskBytes(),
                    node.getFreeBytes(),
                    node.getBytes(),
                    node.getReplicas(),
                    node.getPrimaries(),
                    node.getReadP99Micros(),
                    node.getCallsPerSecond(),
                    node.getReplacedInSeconds());
        }
    }
}
