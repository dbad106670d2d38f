// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.storage.node.StorageNode;
import io.tintype.storage.node.StorageNodeConfig;
import io.tintype.storage.node.StorageNodeException;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tintype storage-node}: runs one storage node until it is told to stop. */
@Command(
        name = "storage-node",
        description = {
            "Runs one storage node.",
            "",
            "Settings come from the YAML file, from TINTYPE_CONFIG_… in the environment, and from the options: each is"
                    + " stronger than the one before. SIGTERM or Ctrl-C stops it."
        },
        footer = {
            "  tintype storage-node --config /etc/tintype/storage-node.yaml",
            "  tintype storage-node --id node-1 --zookeeper zk1:2181 --data /var/lib/tintype --host 10.0.0.5"
        })
final class StorageNodeCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions settings;

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "The node's id, unique in the cluster and kept over restarts.")
    private @Nullable String id;

    @Option(names = "--zookeeper", paramLabel = "HOST:PORT,…", description = "The ZooKeeper servers.")
    private @Nullable String zookeeper;

    @Option(names = "--data", paramLabel = "DIR", description = "Where the node keeps its data: one disk of its own.")
    private @Nullable Path data;

    @Option(names = "--host", paramLabel = "HOST", description = "The address to listen on.")
    private @Nullable String host;

    @Option(
            names = "--advertised-host",
            paramLabel = "HOST",
            description = "The name or address at which others reach it; else that of --host.")
    private @Nullable String advertisedHost;

    @Option(names = "--port", paramLabel = "PORT", description = "Port of the public API; 0: any that is free.")
    private @Nullable Integer port;

    @Option(names = "--peer-port", paramLabel = "PORT", description = "Port for other nodes; 0: any that is free.")
    private @Nullable Integer peerPort;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Port of health and metrics over HTTP; 0: any that is free.")
    private @Nullable Integer httpPort;

    @Option(names = "--region", paramLabel = "REGION", description = "The region it stands in.")
    private @Nullable String region;

    @Option(names = "--zone", paramLabel = "ZONE", description = "What fails together inside the region.")
    private @Nullable String zone;

    @Mixin
    private ServerOptions server;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws InterruptedException {
        var config = config();
        return server.serve(output, "peers", () -> {
            try {
                var node = StorageNode.start(config);
                return new ServerOptions.Serving(
                        "storage node " + config.id(), node.address(), node.peerAddress(), node.stopped(), node);
            } catch (StorageNodeException e) {
                throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
            }
        });
    }

    private StorageNodeConfig config() {
        var named = new LinkedHashMap<String, @Nullable Object>();
        named.put("id", id);
        named.put("zookeeper.connect", zookeeper);
        named.put("dataDir", data);
        named.put("region", region);
        named.put("zone", zone);
        named.put("listen.host", host);
        named.put("listen.advertisedHost", advertisedHost);
        named.put("listen.port", port);
        named.put("listen.peerPort", peerPort);
        named.put("listen.httpPort", httpPort);
        return settings.load(StorageNodeConfig.defaults(), named);
    }
}
