// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.tools.system.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Command lines, settings and environments of the servers of a {@link FaultCluster}. Used by one thread. */
final class ServerCommands {
    private static final String HEAP = "-Xmx256m";

    private final Path folder;
    private final Network network;
    private final Machine machine;
    private final List<Site> zooKeepers;
    private final List<Site> nodes;

    ServerCommands(Path folder, Network network, Machine machine, List<Site> zooKeepers, List<Site> nodes) {
        this.folder = folder;
        this.network = network;
        this.machine = machine;
        this.zooKeepers = zooKeepers;
        this.nodes = nodes;
    }

    List<String> zooKeeper(Site self) throws IOException {
        var data = Files.createDirectories(folder.resolve(self.name()));
        Files.writeString(data.resolve("myid"), Integer.toString(self.number()));
        var lines = new ArrayList<>(List.of(
                "dataDir=" + data,
                "clientPortAddress=" + network.home(self),
                "clientPort=" + self.ports().get(0),
                "tickTime=500",
                "initLimit=20",
                "syncLimit=8",
                "maxClientCnxns=0",
                "minSessionTimeout=1000",
                "maxSessionTimeout=60000",
                "admin.enableServer=false",
                "preAllocSize=4096",
                "4lw.commands.whitelist=srvr"));
        for (var server : zooKeepers) {
            lines.add("server." + server.number() + "=" + server.host() + ":"
                    + server.ports().get(1) + ":" + server.ports().get(2));
        }
        var file = Files.write(folder.resolve(self.name() + ".cfg"), lines);
        var command = new ArrayList<>(Command.java(
                List.of(HEAP, hosts(self), "-Dzookeeper.jmx.log4j.disable=true"), QuorumServer.class.getName()));
        command.add(file.toString());
        return command;
    }

    List<String> node(Site self, Path data) throws IOException {
        var file = settings(
                self,
                "id: " + self.name(),
                "dataDir: " + data,
                "zone: " + self.name(),
                "zookeeper: {connect: '" + connect() + "'}",
                "listen: {host: " + network.home(self) + ", port: "
                        + self.ports().get(0) + ", peerPort: " + self.ports().get(1) + ", advertisedHost: "
                        + self.host() + "}",
                "disk: {blockCacheBytes: 16MiB, writeBufferBytes: 16MiB, reserveBytes: 64MiB, readOnlyBytes: 512MiB,"
                        + " resumeBytes: 768MiB}");
        return Command.line(
                List.of(HEAP, hosts(self)), "storage-node", "--config", file.toString(), "--stop-with-stdin");
    }

    List<String> coordinator(Site self) throws IOException {
        var file = settings(
                self,
                "id: " + self.name(),
                "host: " + network.home(self),
                "advertisedHost: " + self.host(),
                "port: " + self.ports().get(0),
                "http: {port: " + self.ports().get(1) + "}",
                "zookeeper: {connect: '" + connect() + "'}",
                "control: {replicationFactor: " + nodes.size() + ", initialShards: 3, directoryShards: 1}");
        return Command.line(
                List.of(HEAP, hosts(self)), "coordinator", "--config", file.toString(), "--stop-with-stdin");
    }

    /** What makes a node offer what is needed. */
    Map<String, String> environment(Site node, Set<Need> needs) throws IOException {
        var environment = new HashMap<String, String>();
        var preload = new ArrayList<Path>();
        if (needs.contains(Need.FSYNC_ERRORS)) {
            preload.add(machine.sync().orElseThrow());
            environment.put("FAILING_SYNC", failingSync(node).toString());
            environment.put("HOLDING_SYNC", holdingSync(node).toString());
        }
        if (needs.contains(Need.CLOCKS)) {
            preload.add(machine.clock().orElseThrow());
            setClock(node, "+0");
            environment.put("FAKETIME_TIMESTAMP_FILE", clockFile(node).toString());
            environment.put("FAKETIME_CACHE_DURATION", "1");
            environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            // Else timed waits of a JVM return at once.
            environment.put("FAKETIME_FORCE_MONOTONIC_FIX", "0");
            environment.put("FAKETIME_DISABLE_SHM", "1");
            environment.put("NO_FAKE_STAT", "1");
        }
        if (!preload.isEmpty()) {
            environment.put("LD_PRELOAD", preload.stream().map(Path::toString).collect(Collectors.joining(" ")));
        }
        return environment;
    }

    /** The file that makes the next fdatasync of a node fail, which takes it away. */
    Path failingSync(Site node) {
        return folder.resolve(node.name() + "-failing-sync");
    }

    /** The file that holds every fdatasync of a node back for as long as it is there. */
    Path holdingSync(Site node) {
        return folder.resolve(node.name() + "-holding-sync");
    }

    /** The file that is made when the first fdatasync of a node is held back. */
    Path heldSync(Site node) {
        return folder.resolve(node.name() + "-holding-sync.held");
    }

    /** Sets the wall clock of a node, as libfaketime writes it: +3h, -3h, +0. */
    void setClock(Site node, String offset) throws IOException {
        var next = Files.writeString(folder.resolve(node.name() + "-clock.next"), offset + "\n");
        Files.move(next, clockFile(node), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    /** Where clients of this process, unlike those in faults, reach a ZooKeeper server. */
    String direct(Site zooKeeper) {
        return network.home(zooKeeper) + ":" + zooKeeper.ports().get(0);
    }

    private Path clockFile(Site node) {
        return folder.resolve(node.name() + "-clock");
    }

    private String connect() {
        return IntStream.range(0, zooKeepers.size())
                .mapToObj(n -> zooKeepers.get(n).at(0))
                .collect(Collectors.joining(","));
    }

    private String hosts(Site self) throws IOException {
        return "-Djdk.net.hosts.file=" + network.writeHosts(self, folder.resolve(self.name() + ".hosts"));
    }

    private Path settings(Site self, String... lines) throws IOException {
        return Files.write(folder.resolve(self.name() + ".yaml"), List.of(lines));
    }
}
