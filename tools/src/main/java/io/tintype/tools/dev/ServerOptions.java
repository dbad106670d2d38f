// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** Mixed into the commands that run one server: from its start to its end. */
final class ServerOptions {
    private static final Logger LOG = LoggerFactory.getLogger(ServerOptions.class);

    @Option(names = "--stop-with-stdin", hidden = true, description = "Stop when standard input ends.")
    private boolean stopWithStdin;

    /** Starts a server. */
    interface Start {
        Serving start() throws InterruptedException;
    }

    /**
     * A server that serves.
     *
     * @param name what people call it
     * @param address where it serves gRPC
     * @param otherAddress its second address
     * @param stopped completes with the reason when it cannot go on
     * @param handle stops it
     */
    record Serving(
            String name,
            String address,
            String otherAddress,
            CompletableFuture<String> stopped,
            AutoCloseable handle) {}

    /**
     * Starts a server, says where it serves, and stops it when the process is told to stop.
     *
     * @param otherName what its second address is for
     * @return the exit code
     */
    int serve(OutputOptions output, String otherName, Start start) throws InterruptedException {
        var lifetime = new Lifetime();
        lifetime.catchSignals();
        try {
            if (stopWithStdin) {
                lifetime.endWithStandardInput();
            }
            var server = start.start();
            new ReadyLine(server.name(), ProcessHandle.current().pid(), server.address(), server.otherAddress())
                    .print(output, otherName);
            var failed = server.stopped().thenAccept(reason -> {
                LOG.error("{} cannot go on: {}", server.name(), reason);
                lifetime.end();
            });
            lifetime.await();
            close(server);
            if (failed.isDone()) {
                throw new CommandFailure(
                        ExitCode.FAILURE,
                        server.name() + " cannot go on: " + server.stopped().join());
            }
            return ExitCode.OK.number();
        } finally {
            lifetime.ended();
        }
    }

    private static void close(Serving server) throws InterruptedException {
        try {
            server.handle().close();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            LOG.warn("{} did not stop cleanly", server.name(), e);
        }
    }
}
