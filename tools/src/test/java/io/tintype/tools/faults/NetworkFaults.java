// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.ArrayList;
import java.util.List;

/** Wires that are cut, and bad ones. Stateless. */
final class NetworkFaults {
    private static final Wire.Quality SLOW = new Wire.Quality(60, 0, 0);
    private static final Wire.Quality LOSSY = new Wire.Quality(5, 4, 4);

    private NetworkFaults() {}

    static Heal isolatePrimary(Stage stage) {
        var others = new ArrayList<>(stage.cluster().servers());
        others.add(stage.cluster().clients());
        var primary = stage.primary();
        others.remove(primary);
        return cutBothWays(stage, primary, others);
    }

    static Heal splitPrimary(Stage stage) {
        var primary = stage.primary();
        return cutBothWays(stage, primary, peers(stage, primary));
    }

    static Heal oneWayOut(Stage stage) {
        var primary = stage.primary();
        var network = stage.cluster().network();
        return cut(peers(stage, primary).stream()
                .map(peer -> network.wire(primary, peer))
                .toList());
    }

    static Heal oneWayIn(Stage stage) {
        var primary = stage.primary();
        var network = stage.cluster().network();
        return cut(peers(stage, primary).stream()
                .map(peer -> network.wire(peer, primary))
                .toList());
    }

    static Heal bridge(Stage stage) {
        var primary = stage.primary();
        return cutBothWays(stage, primary, List.of(stage.any(peers(stage, primary))));
    }

    static Heal cutClients(Stage stage) {
        return cutBothWays(stage, stage.primary(), List.of(stage.cluster().clients()));
    }

    static Heal slowLinks(Stage stage) {
        return all(stage, SLOW);
    }

    static Heal lossyLinks(Stage stage) {
        return all(stage, LOSSY);
    }

    /** Cuts one off from others, both ways. */
    static Heal cutBothWays(Stage stage, Site one, List<Site> others) {
        var network = stage.cluster().network();
        var wires = new ArrayList<Wire>();
        for (var other : others) {
            wires.add(network.wire(one, other));
            wires.add(network.wire(other, one));
        }
        return cut(wires);
    }

    private static Heal cut(List<Wire> wires) {
        wires.forEach(Wire::cut);
        return () -> wires.forEach(Wire::mend);
    }

    private static Heal all(Stage stage, Wire.Quality quality) {
        var wires = stage.cluster().network().wires();
        wires.forEach(wire -> wire.become(quality));
        return () -> wires.forEach(wire -> wire.become(Wire.Quality.GOOD));
    }

    private static List<Site> peers(Stage stage, Site node) {
        return stage.cluster().nodes().stream()
                .filter(other -> !other.equals(node))
                .toList();
    }
}
