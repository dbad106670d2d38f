// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype shard force}: has a replica lead that may lack acknowledged writes. */
@Command(
        name = "force",
        description = {
            "Makes one replica of a shard its primary by force. LOSES DATA.",
            "",
            "For a shard that nobody can lead, because every replica that holds all acknowledged writes is gone for good."
                    + " Whatever was acknowledged and this replica lacks is lost: images stored, replaced or deleted since it"
                    + " was last in sync. Other replicas are cut back to what this one has. First stop what is left of the"
                    + " old primary: a process that still runs, cut off from the rest, would take writes that are lost too.",
            "",
            "Compare the replicas with shard show, and choose the one with the highest last record. Refused while the shard"
                    + " is led. The shard's id is to be said twice: as argument and with --confirm, or when asked."
        },
        footer = {
            "  tintype shard show 3",
            "  tintype shard force 3 --node node-2",
            "  tintype shard force 3 --node node-2 --confirm 3 --json     for scripts"
        })
final class ShardForceCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SHARD", description = "The shard's id, as shard ls prints it.")
    private int shard;

    @Option(names = "--node", required = true, paramLabel = "NODE", description = "The node whose replica is to lead.")
    private String node;

    @Option(
            names = "--confirm",
            paramLabel = "SHARD",
            description = "The shard's id once more; without it, it is asked for.")
    private @Nullable Integer confirm;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        int confirmed = confirm != null ? confirm : ask();
        if (confirmed != shard) {
            throw new ParameterException(
                    command.commandLine(),
                    "the shard's id was to be said twice: " + shard + " is not " + confirmed + "; nothing was changed");
        }
        try (var client = cluster.connect()) {
            var lead = client.admin().forceShard(new ShardId(shard), new ShardId(confirmed), new NodeId(node));
            output.print(
                    new Forced(shard, lead.primary().value(), lead.epoch()),
                    "shard " + shard + " is led by " + lead.primary() + " in epoch " + lead.epoch()
                            + ", by force; what this replica lacked is lost");
        }
        return ExitCode.OK.number();
    }

    /** Says what may be lost, and reads the id from standard input. */
    private int ask() {
        output.err()
                .println("Shard " + shard + " will be led by " + node + " as it is. Every acknowledged write that "
                        + node + " lacks is LOST FOR GOOD, and the other replicas are cut back to what it has.");
        output.err().print("Type the shard's id again to go on: ");
        output.err().flush();
        try {
            var line = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
            return Integer.parseInt(line == null ? "" : line.strip());
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    command.commandLine(), "the shard's id was not said a second time; nothing was changed", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@code --json} prints. */
    record Forced(int shard, String primary, long epoch) {}
}
