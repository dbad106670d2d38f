// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.status;

import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.status.ClusterStatus.NodeLine;
import io.tintype.coordinator.status.ClusterStatus.ShardLine;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The last {@value #MOST} things that happened, found by comparing each map with the one before. Thread-safe. */
public final class Events {
    /** Most events that are kept. */
    public static final int MOST = 100;

    private final InstantSource clock;
    private final Deque<Event> events = new ArrayDeque<>();
    private ClusterStatus last = ClusterStatus.of(ClusterView.EMPTY, List.of());

    /** Nothing has happened yet. */
    public Events(InstantSource clock) {
        this.clock = clock;
    }

    /** Compares the map with the last one that was given here. */
    public synchronized void learn(ClusterView view) {
        var next = ClusterStatus.of(view, List.of());
        // Nobody wants a list of everything that was there already when this process started.
        var found = last.shards().isEmpty() && last.nodes().isEmpty() ? List.<String>of() : between(last, next);
        for (var text : found) {
            events.addFirst(new Event(clock.millis(), text));
            if (events.size() > MOST) {
                events.removeLast();
            }
        }
        last = next;
    }

    /** The newest first. */
    public synchronized List<Event> latest() {
        return List.copyOf(events);
    }

    /** What happened between two moments. Pure. */
    static List<String> between(ClusterStatus before, ClusterStatus after) {
        var found = new ArrayList<String>();
        Map<String, NodeLine> nodes = byKey(before.nodes(), NodeLine::id);
        for (var node : after.nodes()) {
            var was = nodes.get(node.id());
            if (was == null) {
                found.add(node.id() + " joined in " + node.region() + "/" + node.zone());
            } else if (was.live() != node.live()) {
                found.add(node.id() + (node.live() ? " is back" : " lost touch"));
            }
        }
        Map<String, NodeLine> still = byKey(after.nodes(), NodeLine::id);
        before.nodes().stream()
                .filter(node -> !still.containsKey(node.id()))
                .forEach(node -> found.add(node.id() + " was removed"));
        Map<Integer, ShardLine> shards = byKey(before.shards(), ShardLine::id);
        for (var shard : after.shards()) {
            var was = shards.get(shard.id());
            if (was != null) {
                compare(was, shard, found);
            } else {
                found.add("shard " + shard.id() + " of " + shard.pool() + " was assigned");
            }
        }
        return found;
    }

    private static void compare(ShardLine was, ShardLine is, List<String> found) {
        if (!is.primary().isEmpty() && !was.primary().equals(is.primary())) {
            found.add("shard " + is.id() + " is led by " + is.primary()
                    + (was.primary().isEmpty() ? "" : ", no longer by " + was.primary()));
        }
        if (was.state() != is.state()) {
            found.add("shard " + is.id() + " " + words(is));
        }
    }

    private static String words(ShardLine shard) {
        var copies = shard.inSync().size() + " of " + shard.wanted().size() + " copies in sync";
        return switch (shard.state()) {
            case NO_PRIMARY -> "has no primary";
            case BELOW_MINIMUM -> "takes no writes: " + copies + ", and " + shard.minInsync() + " are needed";
            case UNDER_REPLICATED -> "has " + copies;
            case MOVING -> "is on the move";
            case WHOLE -> "is whole";
        };
    }

    private static <K, V> Map<K, V> byKey(List<V> values, Function<V, K> key) {
        return values.stream().collect(Collectors.toMap(key, value -> value));
    }
}
