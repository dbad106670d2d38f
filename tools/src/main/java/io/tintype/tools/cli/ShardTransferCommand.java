// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.ShardLead;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype shard transfer}: has another replica lead. */
@Command(
        name = "transfer",
        description = {
            "Has a shard led by another in-sync replica.",
            "",
            "Nothing is lost, and writes pause for less than a third of a second. Run again, it finds the work done."
        },
        footer = {
            "  tintype shard transfer 3                  to the replica that has caught up most",
            "  tintype shard transfer 3 --to node-2"
        })
final class ShardTransferCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SHARD", description = "The shard's id, as shard ls prints it.")
    private int shard;

    @Option(
            names = "--to",
            paramLabel = "NODE",
            description = "The node that is to lead (default: the one that has caught up most).")
    private @Nullable String to;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var lead = client.admin().transferShard(new ShardId(shard), to == null ? null : new NodeId(to));
            output.print(Transferred.of(shard, lead), text(lead));
        }
        return ExitCode.OK.number();
    }

    private String text(ShardLead lead) {
        boolean moved =
                lead.former().filter(former -> !former.equals(lead.primary())).isPresent();
        return "shard " + shard + " is led by " + lead.primary() + " in epoch " + lead.epoch()
                + lead.former()
                        .map(former -> moved ? "; before, by " + former : ", as before")
                        .orElse("");
    }

    /**
     * What {@code --json} prints.
     *
     * @param former who led before; null: nobody did
     */
    record Transferred(
            int shard, String primary, long epoch, @Nullable String former) {
        static Transferred of(int shard, ShardLead lead) {
            return new Transferred(
                    shard,
                    lead.primary().value(),
                    lead.epoch(),
                    lead.former().map(NodeId::value).orElse(null));
        }
    }
}
