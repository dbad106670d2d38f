// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.cluster.placement.plan.PlanTime.Turn;
import io.tintype.cluster.placement.plan.PlanTime.Work;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which step is begun next, as those who carry plans out do it: steps of one shard one after the other, and of those that can be begun the
 * first into a node that nothing comes into; where something comes into all of theirs, the first. While a step waits that adds a replica,
 * because there are too few, all are begun in their order: it goes by how much the shards are in danger. No other step is begun while its
 * source sends, or its target takes in, as many copies as it may: it would only keep the place from others. Used by one thread; pure.
 */
final class Turns {
    /** Stands for no node: what goes nowhere waits for no turn. */
    private static final Optional<NodeId> NOWHERE = Optional.empty();

    /** Of those that wait for one target, no more are looked at; behind so many whose sources are busy, one that could go waits too. */
    private static final int LOOKED_AT = 16;

    private final List<Work> works;
    private final Deque<Integer> begun = new ArrayDeque<>();
    private final Map<Integer, Deque<Integer>> ofShard = new HashMap<>();
    private final Map<Optional<NodeId>, NavigableSet<Integer>> ready = new HashMap<>();
    private final Map<Optional<NodeId>, Integer> coming = new HashMap<>();
    private final Map<NodeId, Integer> sent = new HashMap<>();
    private final Map<NodeId, Integer> taken = new HashMap<>();
    private int inOrder;

    Turns(List<Work> works) {
        this.works = works;
        for (int i = 0; i < works.size(); i++) {
            ofShard.computeIfAbsent(works.get(i).shard(), shard -> new ArrayDeque<>())
                    .add(i);
            if (works.get(i).turn() == Turn.UNDER_WAY) {
                begun.add(i);
            }
            inOrder += works.get(i).turn() == Turn.IN_ORDER ? 1 : 0;
        }
        ofShard.keySet().forEach(this::head);
    }

    /**
     * The next step, which is under way from now on; -1: none can be begun.
     *
     * @param free whether there is a place; those that were begun before have theirs
     */
    int next(boolean free) {
        int next = begun.isEmpty() ? free ? choose() : -1 : begun.remove();
        if (next >= 0) {
            var to = to(next);
            var waiting = ready.get(to);
            if (waiting != null) {
                waiting.remove(next);
            }
            coming.merge(to, 1, Integer::sum);
            copies(next, 1);
            inOrder -= works.get(next).turn() == Turn.IN_ORDER ? 1 : 0;
        }
        return next;
    }

    /** The last of a step's bytes has come; only where it has any. */
    void copied(int work) {
        copies(work, -1);
    }

    private void copies(int work, int more) {
        var it = works.get(work);
        if (it.bytes() > 0) {
            count(sent, it.fromOrNull(), more);
            count(taken, it.toOrNull(), more);
        }
    }

    private static void count(Map<NodeId, Integer> copies, @Nullable NodeId node, int more) {
        if (node != null) {
            copies.merge(node, more, Integer::sum);
        }
    }

    private boolean canGo(int work) {
        var it = works.get(work);
        return it.turn() == Turn.IN_ORDER
                || it.bytes() == 0
                || (isFree(sent, it.fromOrNull()) && isFree(taken, it.toOrNull()));
    }

    private static boolean isFree(Map<NodeId, Integer> copies, @Nullable NodeId node) {
        return node == null || copies.getOrDefault(node, 0) < Limits.COPIES_AT_ONCE;
    }

    /** A step is over. */
    void over(int work) {
        coming.merge(to(work), -1, Integer::sum);
        int shard = works.get(work).shard();
        Objects.requireNonNull(ofShard.get(shard)).remove(work);
        head(shard);
    }

    private Optional<NodeId> to(int work) {
        return Optional.ofNullable(works.get(work).toOrNull());
    }

    /** A shard's first step may be begun now. */
    private void head(int shard) {
        var steps = Objects.requireNonNull(ofShard.get(shard));
        if (!steps.isEmpty() && works.get(steps.element()).turn() != Turn.UNDER_WAY) {
            ready.computeIfAbsent(to(steps.element()), node -> new TreeSet<>()).add(steps.element());
        }
    }

    private int firstThatCanGo(NavigableSet<Integer> waiting) {
        int looked = 0;
        for (int work : waiting) {
            if (canGo(work)) {
                return work;
            }
            if (++looked == LOOKED_AT) {
                break;
            }
        }
        return -1;
    }

    private int choose() {
        int idle = Integer.MAX_VALUE;
        int any = Integer.MAX_VALUE;
        for (var waiting : ready.entrySet()) {
            int first = firstThatCanGo(waiting.getValue());
            if (first >= 0) {
                any = Math.min(any, first);
                boolean isIdle = waiting.getKey().equals(NOWHERE) || coming.getOrDefault(waiting.getKey(), 0) == 0;
                idle = isIdle ? Math.min(idle, first) : idle;
            }
        }
        int best = idle == Integer.MAX_VALUE || inOrder > 0 ? any : idle;
        return best == Integer.MAX_VALUE ? -1 : best;
    }
}
