// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.cluster.placement.plan.PlanTime.Work;
import io.tintype.model.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How fast copies go that are under way together: each node shares what it sends, and what it takes in, evenly among its copies, and what one
 * of them cannot use because of its other side is for the others (max-min fairness, by progressive filling: Bertsekas and Gallager, Data
 * Networks, 6.5.2). Immutable; pure.
 *
 * @param limit bytes a second that a node sends, and takes in, at most
 * @param paces what copies into each node reach
 */
record FairShares(double limit, CopyPaces paces) {
    /** So that no rounding stops a copy. */
    private static final double LEAST = 1e-9;

    /** What one side of a node has left, and for how many copies that have no pace yet. */
    private static final class Side {
        private double left;
        private int copies;

        private Side(double left) {
            this.left = left;
        }

        private double share() {
            return Math.max(LEAST, left / copies);
        }
    }

    /** Bytes a second of each of these copies; more than 0. */
    double[] of(List<Work> copies) {
        var sends = new HashMap<NodeId, Side>();
        var takes = new HashMap<NodeId, Side>();
        for (var copy : copies) {
            count(sends, copy.fromOrNull(), limit);
            count(takes, copy.toOrNull(), copy.toOrNull() == null ? limit : into(copy.toOrNull()));
        }
        var result = new double[copies.size()];
        for (int fixed = 0; fixed < result.length; ) {
            var shares = new double[result.length];
            double least = Double.MAX_VALUE;
            for (int i = 0; i < result.length; i++) {
                shares[i] = share(copies.get(i), sends, takes);
                least = result[i] > 0 ? least : Math.min(least, shares[i]);
            }
            for (int i = 0; i < result.length; i++) {
                if (result[i] == 0 && shares[i] <= least) {
                    result[i] = least;
                    fixed++;
                    take(side(sends, copies.get(i).fromOrNull()), least);
                    take(side(takes, copies.get(i).toOrNull()), least);
                }
            }
        }
        return result;
    }

    private double into(NodeId node) {
        return Math.max(1, paces.into(node, limit).bytesPerSecond());
    }

    private static void count(Map<NodeId, Side> sides, @Nullable NodeId node, double all) {
        if (node != null) {
            sides.computeIfAbsent(node, unused -> new Side(all)).copies++;
        }
    }

    private double share(Work copy, Map<NodeId, Side> sends, Map<NodeId, Side> takes) {
        var from = side(sends, copy.fromOrNull());
        var to = side(takes, copy.toOrNull());
        double sent = from == null ? limit : from.share();
        return Math.min(sent, to == null ? limit : to.share());
    }

    private static @Nullable Side side(Map<NodeId, Side> sides, @Nullable NodeId node) {
        return node == null ? null : sides.get(node);
    }

    private static void take(@Nullable Side side, double pace) {
        if (side != null) {
            side.left -= pace;
            side.copies--;
        }
    }
}
