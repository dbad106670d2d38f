// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.cluster.config.ConfigException;
import io.tintype.cluster.config.ConfigFiles;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tintype coordinator}: runs one coordinator until it is told to stop. */
@Command(
        name = "coordinator",
        description = {
            "Runs one coordinator.",
            "",
            "Settings come from the YAML file, and from the options, which are stronger. SIGTERM or Ctrl-C stops it."
        },
        footer = {
            "  tintype coordinator --config /etc/tintype/coordinator.yaml",
            "  tintype coordinator --id coordinator-1 --zookeeper zk1:2181 --host 10.0.0.4"
        })
final class CoordinatorCommand implements Callable<Integer> {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in YAML; an unknown one is refused by name.")
    private @Nullable Path file;

    @Option(names = "--id", paramLabel = "ID", description = "Unique in the cluster and kept over restarts.")
    private @Nullable String id;

    @Option(names = "--zookeeper", paramLabel = "HOST:PORT,…", description = "The ZooKeeper servers.")
    private @Nullable String zookeeper;

    @Option(names = "--host", paramLabel = "HOST", description = "The address to listen on.")
    private @Nullable String host;

    @Option(names = "--port", paramLabel = "PORT", description = "Port of gRPC; 0: any that is free.")
    private @Nullable Integer port;

    @Option(names = "--http-port", paramLabel = "PORT", description = "Port of HTTP; 0: any that is free.")
    private @Nullable Integer httpPort;

    @Option(
            names = "--replicas",
            paramLabel = "N",
            description = "In an empty cluster: replicas of the first pool's shards; they are made once so many storage"
                    + " nodes are live.")
    private @Nullable Integer replicas;

    @Mixin
    private ServerOptions server;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws InterruptedException {
        var config = config();
        return server.serve(output, "HTTP", () -> {
            try {
                return serving(config, Coordinator.start(config));
            } catch (RuntimeException e) {
                throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
            }
        });
    }

    /** A coordinator as {@link ServerOptions} keeps it. */
    static ServerOptions.Serving serving(CoordinatorConfig config, Coordinator coordinator) {
        var http = coordinator.httpPort();
        return new ServerOptions.Serving(
                config.id(),
                config.reachableHost() + ":" + coordinator.grpcPort(),
                http.isPresent() ? config.reachableHost() + ":" + http.getAsInt() : "",
                coordinator.displaced(),
                coordinator);
    }

    private CoordinatorConfig config() {
        try {
            var config = CoordinatorConfig.DEFAULTS;
            config = file == null ? config : ConfigFiles.load(file, config);
            config = id == null ? config : config.withId(id);
            config = host == null ? config : config.withHost(host);
            config = zookeeper == null ? config : config.withZookeeper(ZkConfig.of(zookeeper));
            config = replicas == null
                    ? config
                    : config.withControl(config.control().withReplicationFactor(replicas));
            return config.withPorts(
                    Objects.requireNonNullElse(port, config.port()),
                    Objects.requireNonNullElse(httpPort, config.http().port()));
        } catch (ConfigException | IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }
}
