// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each node of a group should carry: by weight, but no zone and no node more than the rules let it, since no node can
 * hold a shard twice. Pure.
 */
final class Shares {
    private Shares() {}

    /**
     * Shares in order of {@code group.nodes()}.
     *
     * @param once what one replica of every shard amounts to
     * @param all what all replicas amount to
     * @param zoneCopies copies of a shard that may lie in one zone
     */
    static double[] of(Layout layout, Group group, double once, double all, int zoneCopies) {
        Map<String, List<Integer>> zones = new LinkedHashMap<>();
        int[] nodes = group.nodes();
        for (int i = 0; i < nodes.length; i++) {
            zones.computeIfAbsent(layout.nodes[nodes[i]].zone(), zone -> new ArrayList<>())
                    .add(i);
        }
        var members = new ArrayList<>(zones.values());
        double[] weights = new double[members.size()];
        double[] limits = new double[members.size()];
        for (int z = 0; z < weights.length; z++) {
            for (int i : members.get(z)) {
                weights[z] += layout.nodes[nodes[i]].weight();
            }
            limits[z] = once * Math.min(zoneCopies, members.get(z).size());
        }
        double[] ofZones = fill(weights, limits, all);
        double[] shares = new double[nodes.length];
        for (int z = 0; z < weights.length; z++) {
            var in = members.get(z);
            double[] inner = in.stream()
                    .mapToDouble(i -> layout.nodes[nodes[i]].weight())
                    .toArray();
            double[] each = new double[inner.length];
            Arrays.fill(each, once);
            double[] filled = fill(inner, each, ofZones[z]);
            for (int k = 0; k < filled.length; k++) {
                shares[in.get(k)] = filled[k];
            }
        }
        return shares;
    }

    /** Spreads an amount by weight, none over its limit; what has no place anywhere is left out. */
    static double[] fill(double[] weights, double[] limits, double amount) {
        double[] given = new double[weights.length];
        boolean[] full = new boolean[weights.length];
        double left = amount;
        while (left > 1e-9) {
            double open = 0;
            for (int i = 0; i < weights.length; i++) {
                open += full[i] ? 0 : weights[i];
            }
            if (open <= 0) {
                return given;
            }
            double round = left;
            boolean capped = false;
            for (int i = 0; i < weights.length; i++) {
                if (!full[i] && given[i] + round * weights[i] / open >= limits[i]) {
                    left -= limits[i] - given[i];
                    given[i] = limits[i];
                    full[i] = true;
                    capped = true;
                }
            }
            if (!capped) {
                for (int i = 0; i < weights.length; i++) {
                    given[i] += full[i] ? 0 : round * weights[i] / open;
                }
                return given;
            }
        }
        return given;
    }
}
