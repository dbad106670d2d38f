// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Mixed into every command that talks to a cluster: which one, and for how long it is waited for. */
public final class ClusterOptions {
    private static final Pattern HOST_AND_PORT = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\s]+):(\\d{1,5})");
    private static final int MAX_PORT = 65_535;

    @Option(
            names = "--server",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:TINTYPE_SERVER:-localhost:7400}",
            description = "A coordinator of the cluster (default: $TINTYPE_SERVER, else localhost:7400).")
    private String server;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = DurationConverter.class,
            description = "Give up after this time; for transfers, after this time without progress"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** A client for one command; close it. Connects when first used. */
    public TintypeClient connect() {
        return TintypeClient.builder()
                .seeds(server())
                .requestTimeout(timeout())
                .nearCacheBytes(0)
                .build();
    }

    /** Where the cluster is asked for. */
    public String server() {
        var matcher = HOST_AND_PORT.matcher(server);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > MAX_PORT) {
            throw new ParameterException(
                    command.commandLine(), "--server is '" + server + "'; give HOST:PORT, such as localhost:7400");
        }
        return server;
    }

    private Duration timeout() {
        if (timeout.isZero()) {
            throw new ParameterException(command.commandLine(), "--timeout is 0; give at least 1ms");
        }
        return timeout;
    }
}
