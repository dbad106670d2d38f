// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.config.Meaning;
import io.tintype.cluster.placement.plan.PlanRules;
import java.time.Duration;

/** How replicas are moved. */
public record BalanceSettings(
        @Meaning("Shards that a plan works on at once; 1 to 64.")
        int movesAtOnce,

        @Meaning("Bytes a second that a node sends, and takes in, while a plan moves replicas; at least 1MiB.")
        long bytesPerSecond,

        @Meaning("Part of each disk that no plan uses, in percent; 0 to 90.")
        int headroomPercent,

        @Meaning("How far a node may be from its share before a plan moves anything for it, in percent; 1 to 100.")
        int tolerancePercent,

        @Meaning("How long a node may be out of touch before its replicas are made anew elsewhere; 0s: never.")
        Duration replaceAfter,

        @Meaning("Whether a new node is given its share without being asked.")
        boolean join) {
    /** Most shards that a plan works on at once. */
    public static final int MAX_MOVES_AT_ONCE = 64;
    /** Fewest bytes a second that a plan moves: with less it would hardly end. */
    public static final long MIN_BYTES_PER_SECOND = 1 << 20;

    /** Four at once, 32 MiB a second, a tenth of each disk free, 5 %, ten minutes, and nothing unasked for new nodes. */
    public static final BalanceSettings DEFAULTS =
            new BalanceSettings(4, 32L << 20, 10, 5, Duration.ofMinutes(10), false);

    public BalanceSettings {
        require(movesAtOnce >= 1 && movesAtOnce <= MAX_MOVES_AT_ONCE, "movesAtOnce", movesAtOnce, "1 to 64");
        require(bytesPerSecond >= MIN_BYTES_PER_SECOND, "bytesPerSecond", bytesPerSecond, "at least 1MiB");
        require(headroomPercent >= 0 && headroomPercent <= 90, "headroomPercent", headroomPercent, "0 to 90");
        require(tolerancePercent >= 1 && tolerancePercent <= 100, "tolerancePercent", tolerancePercent, "1 to 100");
        require(!replaceAfter.isNegative(), "replaceAfter", replaceAfter, "not negative");
    }

    private static void require(boolean holds, String name, Object value, String legal) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting control.balance." + name + " is " + value + "; it must be " + legal + ".");
        }
    }

    /** For the planner. */
    public PlanRules rules() {
        return new PlanRules(headroomPercent / 100.0, tolerancePercent / 100.0, PlanRules.MAX_MOVES, true);
    }
}
