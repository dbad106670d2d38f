// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tintype bench echo}: the bare gRPC server that {@code bench raw} starts in a process of its own. */
@Command(
        name = "echo",
        hidden = true,
        description = "Serves bytes over gRPC with nothing behind it, until standard input ends.",
        footer = "  tintype bench echo")
final class EchoCommand implements Callable<Integer> {
    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws Exception {
        try (var server = EchoServer.start()) {
            output.out().println(server.port());
            output.out().flush();
            while (System.in.read() >= 0) {
                // Nothing is said there; its end is the sign.
            }
        }
        return ExitCode.OK.number();
    }
}
