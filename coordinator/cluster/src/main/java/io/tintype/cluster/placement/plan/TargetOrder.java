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

/**
 * Orders moves so that all targets have something to take in all the time: only so many are under way at once, and two into one node
 * take as long as one after the other. What goes without a copy comes first, for it makes room; shards of which several replicas
 * move begin early, for their steps follow each other. Pure.
 */
final class TargetOrder {
    private static final Comparator<Deque<PlanStep>> LONGEST_FIRST = Comparator.<Deque<PlanStep>>comparingInt(
                    chain -> -chain.size())
            .thenComparingInt(chain -> chain.element().shard().value());

    private TargetOrder() {}

    /** What a node is given, and what could be given to it next. */
    private static final class Target {
        private final String name;
        private final PriorityQueue<Deque<PlanStep>> ready = new PriorityQueue<>(LONGEST_FIRST);
        private long given;

        private Target(String name) {
            this.name = name;
        }
    }

    /** The same steps; those of one shard stay in their order. */
    static List<PlanStep> of(List<PlanStep> moves) {
        var chains = new LinkedHashMap<ShardId, Deque<PlanStep>>();
        for (var step : moves) {
            chains.computeIfAbsent(step.shard(), shard -> new ArrayDeque<>()).add(step);
        }
        var targets = new HashMap<String, Target>();
        chains.values().forEach(chain -> targetOf(chain, targets).ready.add(chain));
        var next = new PriorityQueue<>(
                Comparator.<Target>comparingLong(target -> target.given).thenComparing(target -> target.name));
        next.addAll(targets.values());
        var ordered = new ArrayList<PlanStep>(moves.size());
        while (!next.isEmpty()) {
            var target = next.remove();
            var chain = target.ready.remove();
            var step = chain.remove();
            ordered.add(step);
            target.given += step.bytes();
            if (!target.ready.isEmpty()) {
                next.add(target);
            }
            if (!chain.isEmpty()) {
                var following = targetOf(chain, targets);
                following.ready.add(chain);
                if (following.ready.size() == 1) { // it had nothing, so it is not in the queue
                    next.add(following);
                }
            }
        }
        return ordered;
    }

    private static Target targetOf(Deque<PlanStep> chain, Map<String, Target> targets) {
        String name = chain.element().to().map(NodeId::value).orElse("");
        return Objects.requireNonNull(targets.computeIfAbsent(name, Target::new));
    }
}
