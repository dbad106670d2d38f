// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Usage;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype user quota}. */
@Command(
        name = "quota",
        description = {
            "Gives a user a quota of his own, or that of his pool again.",
            "",
            "What he has beyond it stays; writes that would make it more are refused."
        },
        footer = {
            "  tintype user quota alice --bytes 10g",
            "  tintype user quota alice --blobs 50000",
            "  tintype user quota alice --from-pool"
        })
final class UserQuotaCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
    private String user;

    @Option(
            names = "--bytes",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Bytes he may store; 0: no limit (default: as it is).")
    private @Nullable Long bytes;

    @Option(names = "--blobs", paramLabel = "N", description = "Blobs he may have; 0: no limit (default: as it is).")
    private @Nullable Long blobs;

    @Option(names = "--from-pool", description = "No quota of his own: his pool's holds.")
    private boolean fromPool;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        if (fromPool == (bytes != null || blobs != null)) {
            throw new CommandFailure(ExitCode.USAGE, "give --bytes or --blobs or both, or else --from-pool");
        }
        try (var client = cluster.connect()) {
            Usage usage =
                    fromPool ? client.users().resetQuota(user) : client.users().setQuota(user, bytes, blobs);
            output.print(UserCommand.UsageDocument.of(user, usage), UserCommand.text(user, usage));
        }
        return ExitCode.OK.number();
    }
}
