// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The network of a cluster: a wire for each ordered pair of processes, without any privilege.
 *
 * <p>A process {@code d} listens at 127.A.d.d. What {@code s} opens to {@code d} goes to 127.A.s.d at the same port,
 * where a relay stands: so the address tells who speaks to whom. Processes know each other by names, and each has a hosts
 * file of its own that leads to its own relays. Thread-safe.
 */
final class Network implements AutoCloseable {
    private static final int LEAST_AREA = 64;
    private static final int AREAS = 180;
    private static final int TRIES = 200;

    private record Pair(Site from, Site to) {}

    private record Listener(Site from, Site to, int port) {}

    private final int area;
    private final List<Site> sites;
    private final Map<Pair, Wire> wires = new HashMap<>();
    private final Selector selector;
    private final List<ServerSocketChannel> listening = new ArrayList<>();
    private final Set<Relay> relays = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        var thread = new Thread(null, task, "relay", 128 << 10);
        thread.setDaemon(true);
        return thread;
    });
    private final SplittableRandom random;

    /** Opens all relays, in some area of the loopback network that is free. */
    Network(List<Site> sites, long seed) throws IOException {
        this.sites = List.copyOf(sites);
        this.random = new SplittableRandom(seed);
        this.area = freeArea(sites);
        this.selector = Selector.open();
        for (var from : sites) {
            for (var to : sites) {
                if (!from.equals(to)) {
                    wires.put(new Pair(from, to), new Wire());
                    for (int port : to.ports()) {
                        listen(new Listener(from, to, port));
                    }
                }
            }
        }
        threads.execute(this::accept);
    }

    /** Where a process listens. */
    String home(Site site) {
        return address(site, site);
    }

    /** What one process sends to another. */
    Wire wire(Site from, Site to) {
        var wire = wires.get(new Pair(from, to));
        if (wire == null) {
            throw new IllegalArgumentException("there is no wire from " + from + " to " + to);
        }
        return wire;
    }

    /** All wires. */
    List<Wire> wires() {
        return List.copyOf(wires.values());
    }

    /** The address at which one process reaches the one of that name; empty: nobody's name. */
    String addressOf(Site from, String host) {
        return sites.stream()
                .filter(site -> site.host().equals(host))
                .findFirst()
                .map(site -> address(from, site))
                .orElse("");
    }

    /** Writes the hosts file of a process, as {@code jdk.net.hosts.file} takes it. */
    Path writeHosts(Site site, Path file) throws IOException {
        var lines = new ArrayList<String>();
        lines.add("127.0.0.1 localhost");
        lines.add("127.0.0.1 " + InetAddress.getLocalHost().getHostName());
        for (var other : sites) {
            lines.add(address(site, other) + " " + other.host());
        }
        return Files.write(file, lines);
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (var channel : listening) {
            channel.close();
        }
        List.copyOf(relays).forEach(Relay::close);
        threads.shutdownNow();
    }

    private String address(Site from, Site to) {
        return "127." + area + "." + from.number() + "." + to.number();
    }

    private void listen(Listener listener) throws IOException {
        var channel = ServerSocketChannel.open();
        channel.bind(new InetSocketAddress(address(listener.from(), listener.to()), listener.port()));
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_ACCEPT, listener);
        listening.add(channel);
    }

    private void accept() {
        while (selector.isOpen()) {
            try {
                selector.select(this::accept);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void accept(SelectionKey key) {
        try {
            var accepted = ((ServerSocketChannel) key.channel()).accept();
            if (accepted != null) {
                var listener = (Listener) key.attachment();
                var relay = new Relay(
                        accepted,
                        new InetSocketAddress(home(listener.to()), listener.port()),
                        wire(listener.from(), listener.to()),
                        wire(listener.to(), listener.from()),
                        relays::remove);
                relays.add(relay);
                relay.start(threads, random.nextLong());
            }
        } catch (IOException e) {
            // The opener did not wait.
        }
    }

    /** An area where every process can listen at home; its relays are beside them at the same ports. */
    private int freeArea(List<Site> sites) {
        for (int i = 0; i < TRIES; i++) {
            int candidate = LEAST_AREA + new Random().nextInt(AREAS);
            if (isFree(candidate, sites)) {
                return candidate;
            }
        }
        throw new IllegalStateException("no area of 127/8 was free for " + sites);
    }

    private static boolean isFree(int candidate, List<Site> sites) {
        for (var site : sites) {
            for (int port : site.ports()) {
                try (var probe = new ServerSocket()) {
                    probe.setReuseAddress(true);
                    probe.bind(new InetSocketAddress(
                            "127." + candidate + "." + site.number() + "." + site.number(), port));
                } catch (IOException e) {
                    return false;
                }
            }
        }
        return true;
    }
}
