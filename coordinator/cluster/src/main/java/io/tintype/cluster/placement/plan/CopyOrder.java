// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Orders moves so that all nodes have something to take in, and to send, all the time: only so many are under way at once, and two
 * into one node, or out of one, take as long as one after the other. What goes without a copy comes first, for it makes room; shards
 * of which several replicas move begin early, for their steps follow each other.
 *
 * <p>A list schedule, in bytes instead of seconds: the next move is one into the node that is done first with what it was given; of
 * those, one that can begin soonest; of those, one of the shard with the most moves, then one from the node that has the most left to
 * send. Used once, by one thread; pure.
 */
final class CopyOrder {
    private static final String NOBODY = "";

    private final Map<String, Target> targets = new HashMap<>();
    private final Map<String, Source> sources = new HashMap<>();
    private final PriorityQueue<Target> next = new PriorityQueue<>(
            Comparator.<Target>comparingLong(target -> target.busy).thenComparing(target -> target.name));
    private final List<PlanStep> ordered = new ArrayList<>();

    private CopyOrder() {}

    /** A move, and who sends what it copies. */
    private record Move(PlanStep step, String from, String to) {}

    /** What is left of a shard's moves, and when the last one before them is over. */
    private static final class Chain {
        private static final Comparator<Chain> LONGEST_FIRST =
                Comparator.<Chain>comparingInt(chain -> -chain.moves.size()).thenComparingInt(Chain::shard);

        private final Deque<Move> moves = new ArrayDeque<>();
        private long over;

        private int shard() {
            return moves.element().step().shard().value();
        }
    }

    /** A node that sends: until when, and how much is left of it. */
    private static final class Source {
        private long busy;
        private long left;
    }

    /** A node that is given something: until when it takes in what it was given, and what could be next, by who sends it. */
    private static final class Target {
        private final String name;
        private final Map<String, PriorityQueue<Chain>> ready = new TreeMap<>();
        private long busy;

        private Target(String name) {
            this.name = name;
        }

        private void add(Chain chain) {
            ready.computeIfAbsent(chain.moves.element().from(), from -> new PriorityQueue<>(Chain.LONGEST_FIRST))
                    .add(chain);
        }
    }

    /**
     * The same steps; those of one shard stay in their order.
     *
     * @param primaries who leads a shard before; null: that is not known
     */
    static List<PlanStep> of(List<PlanStep> moves, Function<ShardId, @Nullable NodeId> primaries) {
        var order = new CopyOrder();
        var who = new Sources(primaries);
        var chains = new LinkedHashMap<ShardId, Chain>();
        for (var step : moves) {
            var from = who.next(step);
            var move = new Move(
                    step,
                    from == null || step.bytes() == 0 ? NOBODY : from.value(),
                    step.to().map(NodeId::value).orElse(NOBODY));
            order.source(move).left += step.bytes();
            chains.computeIfAbsent(step.shard(), shard -> new Chain()).moves.add(move);
        }
        chains.values().forEach(order::ready);
        order.run();
        return order.ordered;
    }

    private Source source(Move move) {
        return Objects.requireNonNull(sources.computeIfAbsent(move.from(), from -> new Source()));
    }

    /** A shard's next move may be given to its target. */
    private void ready(Chain chain) {
        var target = Objects.requireNonNull(
                targets.computeIfAbsent(chain.moves.element().to(), Target::new));
        boolean queued = !target.ready.isEmpty();
        target.add(chain);
        if (!queued) {
            next.add(target);
        }
    }

    private void run() {
        while (!next.isEmpty()) {
            var target = next.remove();
            var chain = take(target);
            var move = chain.moves.remove();
            ordered.add(move.step());
            long over = Math.max(target.busy, begins(chain, source(move)))
                    + move.step().bytes();
            target.busy = over;
            chain.over = over;
            if (!move.from().equals(NOBODY)) {
                source(move).busy = over;
                source(move).left -= move.step().bytes();
            }
            if (!target.ready.isEmpty()) {
                next.add(target);
            }
            if (!chain.moves.isEmpty()) {
                ready(chain);
            }
        }
    }

    private static long begins(Chain chain, Source source) {
        return Math.max(chain.over, source.busy);
    }

    private Chain take(Target target) {
        Chain best = null;
        Move bestMove = null;
        for (var waiting : target.ready.values()) {
            var chain = waiting.element();
            var move = chain.moves.element();
            if (best == null || bestMove == null || isBetter(target, chain, source(move), best, source(bestMove))) {
                best = chain;
                bestMove = move;
            }
        }
        if (best == null || bestMove == null) {
            throw new IllegalStateException("a node was queued that nothing can be given to");
        }
        var from = Objects.requireNonNull(target.ready.get(bestMove.from()));
        from.remove();
        if (from.isEmpty()) {
            target.ready.remove(bestMove.from());
        }
        return best;
    }

    private static boolean isBetter(Target target, Chain chain, Source source, Chain best, Source bestSource) {
        long begins = Math.max(target.busy, begins(chain, source));
        long bestBegins = Math.max(target.busy, begins(best, bestSource));
        if (begins != bestBegins) {
            return begins < bestBegins;
        }
        return chain.moves.size() != best.moves.size()
                ? chain.moves.size() > best.moves.size()
                : source.left > bestSource.left;
    }
}
