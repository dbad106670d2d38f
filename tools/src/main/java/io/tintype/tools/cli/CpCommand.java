// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Condition;
import io.tintype.client.CopyOptions;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype cp}: copies a blob to another name of the same user. */
@Command(
        name = "cp",
        description = "Copies a blob to another name of the same user; the bytes do not pass through here.",
        footer = {"  tintype cp alice cat.jpg cat-backup.jpg", "  tintype cp alice cat.jpg b.jpg --if-absent"})
final class CpCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "Whose blobs they are.")
    private String user;

    @Parameters(index = "1", paramLabel = "FROM", description = "The blob to copy.")
    private String from;

    @Parameters(index = "2", paramLabel = "TO", description = "The copy's name.")
    private String to;

    @Option(names = "--if-absent", description = "Only if there is no blob of the copy's name.")
    private boolean absent;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        var options = absent ? CopyOptions.DEFAULT.withCondition(Condition.ifAbsent()) : CopyOptions.DEFAULT;
        try (var client = cluster.connect()) {
            var copied = client.copy(user, from, to, options);
            output.print(
                    PutCommand.Stored.of(copied),
                    "copied to " + Text.printable(to) + ": "
                            + Humane.bytes(copied.info().size()) + ", version "
                            + copied.info().version());
        }
        return ExitCode.OK.number();
    }
}
