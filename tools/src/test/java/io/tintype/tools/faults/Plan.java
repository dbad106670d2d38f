// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * One run to do: which faults, the second while the first lasts, and the seed of everything that is drawn. Immutable.
 *
 * @param faults one or more
 * @param seed of this run
 */
record Plan(List<FaultKind> faults, long seed) {
    private static final String AND = "+";

    /** What an ordinary build tries: few, and different ways to fail each. */
    static final List<FaultKind> QUICK = List.of(
            FaultKind.KILL_PRIMARY,
            FaultKind.ONE_WAY_OUT,
            FaultKind.KILL_EVERYTHING,
            FaultKind.WIPED_DISK,
            FaultKind.POWER_CUT,
            FaultKind.FSYNC_ERROR,
            FaultKind.FLIP_SST,
            FaultKind.CLOCK_FORWARD);

    Plan {
        faults = List.copyOf(faults);
    }

    /**
     * What a word of the command line stands for.
     *
     * @param word quick, all, pairs, ring (some pairs, with each kind in two of them), or kinds such as KILL_PRIMARY or KILL_PRIMARY+DISK_FULL with commas between
     */
    static List<Plan> parse(String word, long seed) {
        var plans = new ArrayList<List<FaultKind>>();
        switch (word) {
            case "quick" -> QUICK.forEach(kind -> plans.add(List.of(kind)));
            case "all" -> singles(plans);
            case "pairs" -> pairs(plans, seed);
            case "ring" -> ring(plans, seed);
            default -> {
                for (var one : word.split(",", -1)) {
                    plans.add(Arrays.stream(one.split("\\+", -1))
                            .map(FaultKind::valueOf)
                            .toList());
                }
            }
        }
        return plans.stream().map(kinds -> new Plan(kinds, seed)).toList();
    }

    /** All that the machine and the nodes must offer. */
    Set<Need> needs() {
        var needs = EnumSet.noneOf(Need.class);
        faults.forEach(kind -> needs.addAll(kind.needs()));
        return needs;
    }

    /** What this run draws from: the same for the same faults and seed. */
    SplittableRandom random() {
        return new SplittableRandom(seed * 31 + toString().hashCode());
    }

    @Override
    public String toString() {
        return faults.stream().map(FaultKind::name).collect(Collectors.joining(AND));
    }

    private static void singles(List<List<FaultKind>> plans) {
        for (var kind : FaultKind.values()) {
            plans.add(List.of(kind));
        }
    }

    /** The kinds in a ring drawn from the seed, each with the one behind it. */
    private static void ring(List<List<FaultKind>> plans, long seed) {
        var kinds = new ArrayList<>(List.of(FaultKind.values()));
        Collections.shuffle(kinds, new Random(seed));
        for (int i = 0; i < kinds.size(); i++) {
            plans.add(List.of(kinds.get(i), kinds.get((i + 1) % kinds.size())));
        }
    }

    /** Every two of them, in an order drawn from the seed, so that a part of them is a fair part. */
    private static void pairs(List<List<FaultKind>> plans, long seed) {
        var kinds = FaultKind.values();
        for (int i = 0; i < kinds.length; i++) {
            for (int j = i + 1; j < kinds.length; j++) {
                plans.add(List.of(kinds[i], kinds[j]));
            }
        }
        Collections.shuffle(plans, new Random(seed));
    }
}
