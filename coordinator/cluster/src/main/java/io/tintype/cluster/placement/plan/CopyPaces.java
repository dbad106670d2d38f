// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.HashMap;
import java.util.Map;

/**
 * How fast copies came to nodes, and what steps took besides, as plans that are over measured it; the older a plan, the less
 * it counts. Immutable; pure.
 *
 * @param nodes what came to each node
 * @param rest what steps took besides copying
 */
public record CopyPaces(Map<NodeId, Came> nodes, StepRest rest) {
    /** Nothing was measured. */
    public static final CopyPaces NONE = new CopyPaces(Map.of(), StepRest.NONE);

    /** What was measured before counts half as much as what one more plan measured. */
    private static final double OLDER = 0.5;

    /** Copies that came this close to the limit were held up by it, and by nothing else. */
    private static final double AT_THE_LIMIT = 0.8;

    /** Less than this says more of how a copy begins than of its pace. */
    private static final double LEAST_SECONDS = 0.2;

    /**
     * What came to a node. Immutable.
     *
     * @param bytes bytes
     * @param seconds during which some came
     * @param allowed bytes that the limit would have let come in that time
     */
    public record Came(double bytes, double seconds, double allowed) {
        private static final Came NOTHING = new Came(0, 0, 0);

        private Came then(Came later) {
            return new Came(
                    bytes * OLDER + later.bytes, seconds * OLDER + later.seconds, allowed * OLDER + later.allowed);
        }

        private Came and(Came other) {
            return new Came(bytes + other.bytes, seconds + other.seconds, allowed + other.allowed);
        }

        private boolean tells() {
            return bytes > 0 && seconds >= LEAST_SECONDS;
        }

        private double under(double limit) {
            double reached = bytes / seconds;
            double part = bytes / Math.max(1, allowed);
            return part >= AT_THE_LIMIT ? limit * Math.min(1, part) : Math.min(limit, reached);
        }
    }

    /** What a figure comes from. */
    public enum Source {
        /** It was measured at the node. */
        MEASURED,
        /** It was measured at other nodes. */
        LIKE_OTHERS,
        /** Nothing was measured: it is the limit. */
        LIMIT
    }

    /** Bytes a second into a node, and what that comes from. Immutable. */
    public record Pace(double bytesPerSecond, Source source) {}

    public CopyPaces {
        nodes = Map.copyOf(nodes);
    }

    /** With what a later plan measured. */
    public CopyPaces then(CopyPaces later) {
        var both = new HashMap<>(nodes);
        later.nodes.forEach((node, came) -> both.merge(node, came, Came::then));
        return new CopyPaces(both, rest.then(later.rest, OLDER));
    }

    /** How fast copies come to a node under a limit. */
    public Pace into(NodeId node, double limit) {
        var own = nodes.getOrDefault(node, Came.NOTHING);
        if (own.tells()) {
            return new Pace(own.under(limit), Source.MEASURED);
        }
        var all = nodes.values().stream().filter(Came::tells).reduce(Came.NOTHING, Came::and);
        return all.tells() ? new Pace(all.under(limit), Source.LIKE_OTHERS) : new Pace(limit, Source.LIMIT);
    }
}
