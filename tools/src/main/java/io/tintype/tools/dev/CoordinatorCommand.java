// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.coordinator.Role;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
            "Settings come from the YAML file, from TINTYPE_CONFIG_… in the environment, and from the options: each is"
                    + " stronger than the one before. SIGTERM or Ctrl-C stops it."
        },
        footer = {
            "  tintype coordinator --config /etc/tintype/coordinator.yaml",
            "  tintype coordinator --id coordinator-1 --zookeeper zk1:2181 --host 10.0.0.4"
        })
final class CoordinatorCommand implements Callable<Integer> {
    private static final String EVERY_ROLE = Role.all().stream().map(Role::text).collect(Collectors.joining(","));

    @Mixin
    private ConfigOptions settings;

    @Option(names = "--id", paramLabel = "ID", description = "Unique in the cluster and kept over restarts.")
    private @Nullable String id;

    @Option(names = "--zookeeper", paramLabel = "HOST:PORT,…", description = "The ZooKeeper servers.")
    private @Nullable String zookeeper;

    @Option(names = "--host", paramLabel = "HOST", description = "The address to listen on.")
    private @Nullable String host;

    @Option(
            names = "--advertised-host",
            paramLabel = "HOST",
            description = "The name or address at which others reach it; else that of --host.")
    private @Nullable String advertisedHost;

    @Option(
            names = "--role",
            paramLabel = "ROLE,…",
            description = "What it does: upload, retrieval, control, several of them with commas between, or all.")
    private @Nullable String roles;

    @Option(names = "--region", paramLabel = "REGION", description = "The region it stands in.")
    private @Nullable String region;

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
        var named = new LinkedHashMap<String, @Nullable Object>();
        named.put("id", id);
        named.put("zookeeper.connect", zookeeper);
        named.put("roles", roles == null ? null : roles.replaceFirst("^all$", EVERY_ROLE));
        named.put("region", region);
        named.put("host", host);
        named.put("advertisedHost", advertisedHost);
        named.put("port", port);
        named.put("http.port", httpPort);
        named.put("control.replicationFactor", replicas);
        return settings.load(CoordinatorConfig.DEFAULTS, named);
    }
}
