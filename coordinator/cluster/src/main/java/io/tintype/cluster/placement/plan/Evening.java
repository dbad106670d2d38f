// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Evens out bytes, and then users, among the nodes of a group.
 *
 * <p>A replica moves only from a node above its share to one below, and only if at least {@link #LEAST_GAIN} of what
 * travels brings the two nearer to their shares. So all that travels is at most 1 / {@link #LEAST_GAIN} = 1.1 times what
 * any way to the same balance must move; and once no such move is left, none is found the next time either. Confined to
 * one thread.
 */
final class Evening {
    static final double LEAST_GAIN = 1 / 1.1;

    /** Users may be further from their share than bytes: moving them costs bytes. */
    private static final double USERS_TOLERANCE = 0.25;

    private final Layout layout;
    private final Group group;
    private final Map<String, String> reasons;
    private final boolean[] movable;

    Evening(Layout layout, Group group, Map<String, String> reasons) {
        this.layout = layout;
        this.group = group;
        this.reasons = reasons;
        this.movable = new boolean[layout.shards.length];
        for (int s : group.shards()) {
            // Of a shard that nobody holds in sync nothing is taken away, least of all for the sake of balance.
            movable[s] = layout.healthy(s) > 0;
        }
    }

    /** What is evened out: how much a shard counts, and how much each node should have. */
    private final class Measure {
        final IntToDoubleFunction amount;
        final double tolerance;
        final double[] shares;
        final double[] has;

        Measure(IntToDoubleFunction amount, double tolerance) {
            this.amount = amount;
            this.tolerance = tolerance;
            double once = IntStream.of(group.shards()).mapToDouble(amount).sum();
            double all = 0;
            this.has = new double[group.nodes().length];
            int[] place = new int[layout.nodes.length];
            Arrays.fill(place, -1);
            for (int i = 0; i < group.nodes().length; i++) {
                place[group.nodes()[i]] = i;
            }
            for (int s : group.shards()) {
                for (int n : layout.placed(s)) {
                    if (place[n] >= 0) {
                        all += amount.applyAsDouble(s);
                        has[place[n]] += amount.applyAsDouble(s);
                    }
                }
            }
            this.shares = Shares.of(layout, group, once, all, Repairs.zoneCopies(layout, group));
        }

        double over(int i) {
            return has[i] - shares[i];
        }

        double slack(int i) {
            return tolerance * shares[i];
        }

        boolean isOff(int i) {
            return Math.abs(over(i)) > slack(i);
        }

        /** How much nearer to their shares a move brings the two, of the at most twice it could. */
        double gain(int from, int to, double amountMoved) {
            return (Math.abs(over(from))
                            - Math.abs(over(from) - amountMoved)
                            + Math.abs(over(to))
                            - Math.abs(over(to) + amountMoved))
                    / (2 * amountMoved);
        }

        /** Whether two nodes that are near their share stay so, or a move brings them nearer to it. */
        boolean bears(int from, int to, double amountMoved) {
            boolean near =
                    Math.abs(over(from) - amountMoved) <= slack(from) && Math.abs(over(to) + amountMoved) <= slack(to);
            return near || gain(from, to, amountMoved) >= LEAST_GAIN;
        }

        void moved(int from, int to, double amountMoved) {
            has[from] -= amountMoved;
            has[to] += amountMoved;
        }
    }

    /** Moves what is to be moved; true if anything was. */
    boolean run() {
        var bytes = new Measure(s -> (double) layout.sizeOf(s), layout.rules().tolerance());
        boolean moved = even(bytes, null, "bytes");
        var users = new Measure(s -> (double) layout.shards[s].users(), USERS_TOLERANCE);
        return even(users, bytes, "users") || moved;
    }

    private boolean even(Measure measure, @Nullable Measure bound, String what) {
        boolean any = false;
        boolean again = true;
        while (again) {
            again = false;
            boolean[] given = new boolean[group.nodes().length];
            for (int to = lowest(measure, given); to >= 0; to = lowest(measure, given)) {
                boolean found = feed(measure, bound, to, what);
                given[to] = !found;
                again |= found;
            }
            any |= again;
        }
        return any;
    }

    /** The node furthest below its share that was not given up; -1: none. */
    private static int lowest(Measure measure, boolean[] given) {
        int best = -1;
        for (int i = 0; i < given.length; i++) {
            if (!given[i] && measure.over(i) < 0 && (best < 0 || measure.over(i) < measure.over(best))) {
                best = i;
            }
        }
        return best;
    }

    /** Gives a node one replica of the fullest node that has a fitting one; false: nobody has. */
    private boolean feed(Measure measure, @Nullable Measure bound, int to, String what) {
        boolean[] tried = new boolean[group.nodes().length];
        for (int from = highest(measure, tried); from >= 0; from = highest(measure, tried)) {
            if (layout.isFull() || !(measure.isOff(to) || measure.isOff(from))) {
                return false;
            }
            int shard = fitting(measure, bound, from, to);
            if (shard >= 0) {
                move(measure, bound, shard, from, to, what);
                return true;
            }
            tried[from] = true;
        }
        return false;
    }

    private static int highest(Measure measure, boolean[] tried) {
        int best = -1;
        for (int i = 0; i < tried.length; i++) {
            if (!tried[i] && measure.over(i) > 0 && (best < 0 || measure.over(i) > measure.over(best))) {
                best = i;
            }
        }
        return best;
    }

    /** The shard of which most fits; -1: none does. */
    private int fitting(Measure measure, @Nullable Measure bound, int from, int to) {
        int source = group.nodes()[from];
        int target = group.nodes()[to];
        int best = -1;
        double most = 0;
        for (int s : layout.on(source)) {
            double amount = measure.amount.applyAsDouble(s);
            if (movable[s]
                    && amount > most
                    && measure.gain(from, to, amount) >= LEAST_GAIN
                    && (bound == null || bound.bears(from, to, bound.amount.applyAsDouble(s)))
                    && layout.mayTake(group, s, target, source)) {
                best = s;
                most = amount;
            }
        }
        return best;
    }

    private void move(Measure measure, @Nullable Measure bound, int shard, int from, int to, String what) {
        int source = group.nodes()[from];
        int target = group.nodes()[to];
        reasons.put(
                Steps.key(shard, target),
                String.format(
                        Locale.ROOT,
                        "evens out %s: %s has %.0f %% of its share, %s %.0f %%",
                        what,
                        layout.nodes[source].id(),
                        percent(measure, from),
                        layout.nodes[target].id(),
                        percent(measure, to)));
        layout.move(shard, source, target);
        measure.moved(from, to, measure.amount.applyAsDouble(shard));
        if (bound != null) {
            bound.moved(from, to, bound.amount.applyAsDouble(shard));
        }
    }

    private static double percent(Measure measure, int node) {
        return measure.shares[node] <= 0 ? 0 : 100 * measure.has[node] / measure.shares[node];
    }
}
