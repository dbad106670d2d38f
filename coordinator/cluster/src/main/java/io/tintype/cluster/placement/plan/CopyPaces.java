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
 * @param paced how far copies were held back for readers
 */
public record CopyPaces(Map<NodeId, Came> nodes, StepRest rest, Paced paced) {
    /** Nothing was measured. */
    public static final CopyPaces NONE = new CopyPaces(Map.of(), StepRest.NONE, Paced.NOTHING);

    /** What was measured before counts half as much as what one more plan measured. */
    private static final double OLDER = 0.5;

    /** Copies that came this close to what they were allowed were held up by that, and by nothing else. */
    private static final double AT_THE_LIMIT = 0.8;

    /** Less than this says more of how a copy begins than of its pace. */
    private static final double LEAST_SECONDS = 0.2;

    /**
     * What came to a node. Immutable.
     *
     * @param bytes bytes
     * @param seconds during which some came
     * @param allowed bytes that would have come in that time at the pace that nodes were told
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

    /**
     * How far copies were held back while somebody read. Immutable.
     *
     * @param allowed bytes that would have come at the pace that nodes were told
     * @param limit the same at the plans' limits
     */
    public record Paced(double allowed, double limit) {
        /** Nobody read. */
        public static final Paced NOTHING = new Paced(0, 0);

        private Paced then(Paced later) {
            return new Paced(allowed * OLDER + later.allowed, limit * OLDER + later.limit);
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

    /** Where nobody read. */
    public CopyPaces(Map<NodeId, Came> nodes, StepRest rest) {
        this(nodes, rest, Paced.NOTHING);
    }

    public CopyPaces {
        nodes = Map.copyOf(nodes);
    }

    /** With what a later plan measured. */
    public CopyPaces then(CopyPaces later) {
        var both = new HashMap<>(nodes);
        later.nodes.forEach((node, came) -> both.merge(node, came, Came::then));
        return new CopyPaces(both, rest.then(later.rest, OLDER), paced.then(later.paced));
    }

    /** The part of a limit that readers leave to copies, in 0 to 1; 1 where that was never measured. */
    public double leftByReaders() {
        return paced.limit() > 0 ? Math.min(1, paced.allowed() / paced.limit()) : 1;
    }

    /**
     * How fast copies come to a node.
     *
     * @param limit bytes a second that they are allowed, with readers having taken their part
     */
    public Pace into(NodeId node, double limit) {
        var own = nodes.getOrDefault(node, Came.NOTHING);
        if (own.tells()) {
            return new Pace(own.under(limit), Source.MEASURED);
        }
        var all = nodes.values().stream().filter(Came::tells).reduce(Came.NOTHING, Came::and);
        return all.tells() ? new Pace(all.under(limit), Source.LIKE_OTHERS) : new Pace(limit, Source.LIMIT);
    }
}
