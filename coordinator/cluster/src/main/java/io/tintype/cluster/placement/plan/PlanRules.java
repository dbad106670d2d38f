// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

/**
 * What a plan must hold to. Immutable.
 *
 * @param headroom part of a disk that stays free whatever is moved, 0 to 0.9
 * @param tolerance how far a node may be from its share of bytes before anything is moved for it, 0.01 to 1
 * @param maxMoves most replicas that one plan moves
 * @param balance whether to even out nodes; else only what must move does
 */
public record PlanRules(double headroom, double tolerance, int maxMoves, boolean balance) {
    /** Most replicas that any plan moves. */
    public static final int MAX_MOVES = 16_384;

    /** A tenth of each disk stays free, nodes may be 5 % off their share, and everything is evened out. */
    public static final PlanRules DEFAULT = new PlanRules(0.10, 0.05, MAX_MOVES, true);

    /** Checks; the message names the limits. */
    public PlanRules {
        require(headroom >= 0 && headroom <= 0.9, "headroom", headroom, "0 to 0.9");
        require(tolerance >= 0.01 && tolerance <= 1, "tolerance", tolerance, "0.01 to 1");
        require(maxMoves >= 1 && maxMoves <= MAX_MOVES, "maxMoves", maxMoves, "1 to " + MAX_MOVES);
    }

    private static void require(boolean holds, String name, Object value, String legal) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + value + "; give " + legal);
        }
    }

    /** The same, moving only what must move. */
    public PlanRules onlyWhatMust() {
        return new PlanRules(headroom, tolerance, maxMoves, false);
    }
}
