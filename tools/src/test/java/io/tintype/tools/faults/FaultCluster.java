// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.client.TintypeClient;
import io.tintype.client.TintypeClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Three ZooKeeper servers, three storage nodes and two coordinators, each a process of its own, with relays between all of
 * them and the clients of this process. Used by one thread, but for {@link #client}.
 */
final class FaultCluster implements AutoCloseable {
    private static final int ZOOKEEPERS = 3;
    private static final int NODES = 3;
    private static final int COORDINATORS = 2;
    private static final int FIRST_NODE = 11;
    private static final int FIRST_COORDINATOR = 21;
    private static final int CLIENTS = 31;
    private static final Duration PATIENT = Duration.ofSeconds(60);

    /** More tries than there is time for. */
    private static final int MANY = 1_000;

    private final Path folder;
    private final Machine machine;
    private final Site clients = new Site("clients", CLIENTS, List.of());
    private final List<Site> zooKeepers = sites("zk", 1, ZOOKEEPERS, List.of(2181, 2888, 3888));
    private final List<Site> nodes = sites("node", FIRST_NODE, NODES, List.of(7410, 7411));
    private final List<Site> coordinators = sites("coordinator", FIRST_COORDINATOR, COORDINATORS, List.of(7400, 7480));
    private final Map<Site, ServerProcess> processes = new LinkedHashMap<>();
    private final Map<Site, Volume> volumes = new LinkedHashMap<>();
    private final Network network;
    private final SiteNames names;
    private final ServerCommands commands;
    private Set<Need> nodesOffer = Set.of();

    /** Makes folders, disks and relays; starts nothing yet. */
    FaultCluster(Path folder, Machine machine, long seed) throws IOException {
        this.folder = folder;
        this.machine = machine;
        Files.createDirectories(folder.resolve("logs"));
        network = new Network(all(), seed);
        names = new SiteNames(network, clients);
        commands = new ServerCommands(folder, network, machine, zooKeepers, nodes);
        for (var site : servers()) {
            processes.put(site, new ServerProcess(site.name(), log(site)));
        }
        for (var node : nodes) {
            var disks = Files.createDirectories(folder.resolve("disks"));
            volumes.put(
                    node,
                    machine.hasDisks()
                            ? LoopDisk.create(disks, node.name())
                            : Volume.folder(disks.resolve(node.name())));
        }
    }

    /** Starts everything; it is not ready yet. */
    void start() throws IOException {
        for (var server : zooKeepers) {
            process(server).become(commands.zooKeeper(server), Map.of());
        }
        for (var coordinator : coordinators) {
            process(coordinator).become(commands.coordinator(coordinator), Map.of());
        }
        equip(Set.of());
        processes.values().forEach(ServerProcess::start);
    }

    /** Sees to it that nodes were started so that they offer what is needed; starts them anew where they were not. */
    void offer(Set<Need> needs) throws IOException {
        if (nodesOffer.equals(needs)) {
            return;
        }
        nodes.forEach(node -> process(node).stop());
        equip(needs);
        nodes.forEach(node -> process(node).start());
    }

    private void equip(Set<Need> needs) throws IOException {
        for (var node : nodes) {
            process(node).become(commands.node(node, volume(node).data()), commands.environment(node, needs));
        }
        nodesOffer = needs.isEmpty() ? Set.of() : EnumSet.copyOf(needs);
    }

    /** A client without a cache that gives up early enough to show how long nothing worked. */
    TintypeClient client() {
        return clientBuilder()
                .requestTimeout(LoadPace.REQUEST)
                .attemptTimeout(LoadPace.ATTEMPT)
                .build();
    }

    /** A client without a cache that puts up with a busy machine: for those to whom every single answer matters. */
    TintypeClient patientClient() {
        return clientBuilder().requestTimeout(PATIENT).maxAttempts(MANY).build();
    }

    private TintypeClientBuilder clientBuilder() {
        return TintypeClient.builder()
                .seeds(coordinators.stream().map(site -> site.at(0)).toList())
                .nearCacheBytes(0);
    }

    List<Site> zooKeepers() {
        return zooKeepers;
    }

    List<Site> nodes() {
        return nodes;
    }

    List<Site> coordinators() {
        return coordinators;
    }

    /** Where the load comes from. */
    Site clients() {
        return clients;
    }

    /** Everything that runs. */
    List<Site> servers() {
        var all = new ArrayList<>(zooKeepers);
        all.addAll(nodes);
        all.addAll(coordinators);
        return all;
    }

    Network network() {
        return network;
    }

    Machine machine() {
        return machine;
    }

    ServerProcess process(Site site) {
        return of(processes, site);
    }

    Volume volume(Site node) {
        return of(volumes, node);
    }

    /** What makes an fdatasync of a node fail, and where the clock of a node is set. */
    ServerCommands commands() {
        return commands;
    }

    /** What a process says. */
    Path log(Site site) {
        return folder.resolve("logs").resolve(site.name() + ".log");
    }

    @Override
    public void close() throws IOException {
        // In the order in which nobody waits for anybody.
        coordinators.forEach(site -> process(site).close());
        nodes.forEach(site -> process(site).close());
        zooKeepers.forEach(site -> process(site).close());
        names.close();
        network.close();
        for (var volume : volumes.values()) {
            volume.close();
        }
    }

    private List<Site> all() {
        var all = new ArrayList<>(servers());
        all.add(clients);
        return all;
    }

    private static List<Site> sites(String name, int first, int count, List<Integer> ports) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(n -> new Site(name + "-" + n, first + n - 1, ports))
                .toList();
    }

    private static <T> T of(Map<Site, T> map, Site site) {
        var found = map.get(site);
        if (found == null) {
            throw new IllegalArgumentException(site + " has none");
        }
        return found;
    }
}
