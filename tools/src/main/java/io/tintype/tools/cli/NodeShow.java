// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.NodeDetail;
import io.tintype.model.NodeId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype node show}. */
@Command(
        name = "show",
        description = {
            "Tells what a storage node carries, and what each part of it uses and may use of memory:",
            "heap: that of the JVM; store: RocksDB outside it, its cache, writes that are not in files yet, indexes and"
                    + " filters; network: buffers of connections."
        },
        footer = "  tintype node show node2")
final class NodeShow implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NODE", description = "The node's id, as node ls prints it.")
    private String node = "";

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var detail = client.admin().node(new NodeId(node));
            output.print(
                    new Detail(
                            NodeCommand.NodeDocument.of(detail.status()),
                            detail.error().orElse(null),
                            detail.memory()),
                    text(detail));
        }
        return ExitCode.OK.number();
    }

    /**
     * What {@code --json} prints.
     *
     * @param error why the node itself does not answer; absent where it does
     */
    record Detail(NodeCommand.NodeDocument node, @Nullable String error, List<NodeDetail.Memory> memory) {}

    private static String text(NodeDetail detail) {
        var status = detail.status();
        var info = status.node();
        var first = "node " + info.id().value() + ": " + (info.live() ? "live" : "NOT live") + ", " + info.address()
                + ", region " + info.region() + ", zone " + info.zone() + ", " + status.replicas() + " replicas, "
                + status.primaries() + " primaries" + System.lineSeparator();
        return detail.error()
                .map(error -> first + "It does not answer: " + error)
                .orElseGet(() -> first
                        + System.lineSeparator()
                        + Tables.render(
                                List.of("memory", "used>", "limit>"),
                                detail.memory().stream().map(NodeShow::row).toList()));
    }

    private static List<String> row(NodeDetail.Memory memory) {
        return List.of(memory.part(), Humane.bytes(memory.usedBytes()), Humane.bytes(memory.limitBytes()));
    }
}
