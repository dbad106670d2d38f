// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.Set;

/**
 * A node as the planner sees it. Immutable.
 *
 * @param id the node
 * @param region region it stands in
 * @param zone what fails together inside the region
 * @param labels what it is, as pools may ask for
 * @param weight how much it should carry compared with others; positive
 * @param totalBytes what its disk has in all; 0: not known
 * @param freeBytes what is free on it
 * @param part what it is there for
 */
public record PlanNode(
        NodeId id,
        String region,
        String zone,
        Set<String> labels,
        double weight,
        long totalBytes,
        long freeBytes,
        Part part) {
    /** What a node is there for. */
    public enum Part {
        /** Keeps what it has, and may be given more. */
        ACTIVE,
        /** Keeps what it has for now, and is given nothing: in maintenance, out of touch for a short time, or not heard. */
        RESTING,
        /** Is to give everything away, and can be copied from. */
        DRAINING,
        /** Is gone: what it had is to be made anew elsewhere. */
        DEAD
    }

    /** Checks the weight. */
    public PlanNode {
        labels = Set.copyOf(labels);
        if (!(weight > 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("node " + id + ": the weight is " + weight + "; give a positive one");
        }
    }

    /** Whether it should lose what it has. */
    boolean leaves() {
        return part == Part.DRAINING || part == Part.DEAD;
    }
}
