// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.NodeStatus;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tintype node}: the storage nodes. */
@Command(
        name = "node",
        description = "Lists storage nodes, drains, restarts and removes them.",
        subcommands = {
            NodeCommand.Ls.class,
            NodeShow.class,
            NodeCare.Drain.class,
            NodeCare.Undrain.class,
            NodeCare.Remove.class,
            NodeCare.Maintenance.class,
            NodeCare.Weight.class,
            NodeRestart.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {"  tintype node ls", "  tintype node drain node2 --preview"})
final class NodeCommand {
    private NodeCommand() {}

    /** {@code tintype node ls}. */
    @Command(
            name = "ls",
            description = "Lists storage nodes in order of id, live or not.",
            footer = {"  tintype node ls", "  tintype node ls --json | jq '.nodes[] | select(.live | not)'"})
    static final class Ls implements Callable<Integer> {
        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var nodes = client.admin().nodes();
                output.table(
                        new Nodes(nodes.stream().map(NodeDocument::of).toList()),
                        List.of(
                                "node",
                                "live",
                                "address",
                                "region",
                                "zone",
                                "labels",
                                "replicas>",
                                "primaries>",
                                "disk>"),
                        nodes.stream().map(Ls::row).toList());
            }
            return ExitCode.OK.number();
        }

        private static List<String> row(NodeStatus status) {
            var node = status.node();
            return List.of(
                    node.id().value(),
                    node.live() ? "yes" : "NO",
                    node.address(),
                    node.region(),
                    node.zone(),
                    String.join(",", node.labels()),
                    Integer.toString(status.replicas()),
                    Integer.toString(status.primaries()),
                    node.diskBytes() == 0 ? "?" : Humane.bytes(node.diskBytes()));
        }
    }

    /** What {@code --json} prints. */
    record Nodes(List<NodeDocument> nodes) {}

    /**
     * A node as {@code --json} prints it.
     *
     * @param address host:port of its public API; empty while it was never live
     * @param live whether it is in touch with ZooKeeper
     * @param labels what it is, as pools may ask for
     * @param diskBytes what its disk has in all; 0: not known
     */
    record NodeDocument(
            String id,
            boolean live,
            String address,
            String peerAddress,
            String region,
            String zone,
            Set<String> labels,
            int replicas,
            int primaries,
            long diskBytes) {
        static NodeDocument of(NodeStatus status) {
            var node = status.node();
            return new NodeDocument(
                    node.id().value(),
                    node.live(),
                    node.address(),
                    node.peerAddress(),
                    node.region(),
                    node.zone(),
                    node.labels(),
                    status.replicas(),
                    status.primaries(),
                    node.diskBytes());
        }
    }
}
