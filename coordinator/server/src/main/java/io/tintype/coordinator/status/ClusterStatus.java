// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.status;

import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the cluster stands, as {@code /status.json} tells it. Immutable.
 *
 * @param verdict the answer in a word
 * @param summary the answer in a sentence
 * @param nodes all nodes, by region, zone and id
 * @param shards all shards, the worst first
 * @param plans what moves, as far as this coordinator knows of it
 * @param moves users who are being moved
 * @param caches what the caches of this coordinator were good for, in the order in which they are asked
 * @param events what happened lately, the newest first
 */
public record ClusterStatus(
        Verdict verdict,
        String summary,
        List<NodeLine> nodes,
        List<ShardLine> shards,
        List<PlanLine> plans,
        UserMoves moves,
        List<CacheLine> caches,
        List<Event> events) {
    public ClusterStatus {
        plans = List.copyOf(plans);
        caches = List.copyOf(caches);
        nodes = List.copyOf(nodes);
        shards = List.copyOf(shards);
        events = List.copyOf(events);
    }

    /** How safe data is. */
    public enum Verdict {
        /** Every shard has all copies it should have, and a primary. */
        SAFE,
        /** Some shards have fewer copies than they should, but enough to take writes. */
        DEGRADED,
        /** Some shards take no writes, or nobody leads them. */
        ENDANGERED
    }

    /** How a shard stands. */
    public enum ShardState {
        /** Nobody leads it. */
        NO_PRIMARY,
        /** Fewer copies than a write needs. */
        BELOW_MINIMUM,
        /** Fewer copies than it should have. */
        UNDER_REPLICATED,
        /** On its way to other nodes. */
        MOVING,
        /** As it should be. */
        WHOLE
    }

    /**
     * A node.
     *
     * @param replicas shards of which it holds a replica
     * @param primaries shards that it leads
     */
    public record NodeLine(
            String id,
            String region,
            String zone,
            boolean live,
            String address,
            long diskBytes,
            int replicas,
            int primaries) {}

    /**
     * A shard.
     *
     * @param wanted nodes that should hold a replica that counts
     * @param minInsync in-sync replicas that a write needs
     */
    public record ShardLine(
            int id,
            boolean directory,
            String pool,
            ShardState state,
            String primary,
            List<String> inSync,
            List<String> replicas,
            List<String> wanted,
            int minInsync) {
        public ShardLine {
            inSync = List.copyOf(inSync);
            replicas = List.copyOf(replicas);
            wanted = List.copyOf(wanted);
        }
    }

    /**
     * A plan that is being carried out.
     *
     * @param state how far it is, as {@code tintype rebalance status} says it
     * @param stepsOver steps that are made or were given up
     * @param bytes bytes that travel in all, as planned
     * @param secondsLeft at the pace of the last half minute; -1: nobody can say
     */
    public record PlanLine(
            String id,
            String title,
            String state,
            long stepsOver,
            long steps,
            long movedBytes,
            long bytes,
            long secondsLeft) {}

    /**
     * Users who are being moved.
     *
     * @param known whether that could be found out; where not, the rest is empty
     * @param underWay how many there are, as far as they were counted
     * @param more whether there are more
     * @param oldest those whose moves began first; the page's limit is a few
     */
    public record UserMoves(boolean known, int underWay, boolean more, List<MoveLine> oldest) {
        /** Nobody can say. */
        public static final UserMoves UNKNOWN = new UserMoves(false, 0, false, List.of());

        public UserMoves {
            oldest = List.copyOf(oldest);
        }
    }

    /**
     * A user who is being moved. Not which one: ids may say who a person is, the page asks nobody for a password, and nothing else
     * here lists users. Whoever operates the cluster asks for them ({@code tintype user moves}).
     *
     * @param fromPool the pool he lives in: region.tier
     * @param state waiting, copying or ready
     * @param sinceMs milliseconds since 1970: when the move began
     * @param secondsLeft until all is copied; -1: nobody can say
     */
    public record MoveLine(
            int fromShard,
            String fromPool,
            int toShard,
            String toPool,
            String state,
            long sinceMs,
            long blobsDone,
            long blobs,
            long bytesDone,
            long bytes,
            long secondsLeft) {}

    /**
     * A layer of the cache, since this coordinator started.
     *
     * @param hits pieces that it had
     * @param misses pieces that it did not have
     */
    public record CacheLine(String layer, long hits, long misses) {}

    /** The same with what moves, and what caches are good for. */
    public ClusterStatus with(List<PlanLine> moving, UserMoves users, List<CacheLine> layers) {
        return new ClusterStatus(verdict, summary, nodes, shards, moving, users, layers, events);
    }

    /** What the map says. */
    public static ClusterStatus of(ClusterView view, List<Event> events) {
        var shards = view.map()
                .shards()
                .map(shard ->
                        line(shard, view.map().isLed(shard), view.assignments().get(shard.id())))
                .sorted(Comparator.comparing(ShardLine::state).thenComparingInt(ShardLine::id))
                .toList();
        Map<String, Integer> replicas = new HashMap<>();
        Map<String, Integer> primaries = new HashMap<>();
        for (var shard : shards) {
            shard.replicas().forEach(node -> replicas.merge(node, 1, Integer::sum));
            primaries.merge(shard.primary(), 1, Integer::sum);
        }
        var nodes = view.map()
                .nodes()
                .map(node -> line(node, replicas, primaries))
                .sorted(Comparator.comparing(NodeLine::region)
                        .thenComparing(NodeLine::zone)
                        .thenComparing(NodeLine::id))
                .toList();
        return new ClusterStatus(
                verdict(shards),
                summary(shards, nodes),
                nodes,
                shards,
                List.of(),
                UserMoves.UNKNOWN,
                List.of(),
                events);
    }

    private static NodeLine line(NodeInfo node, Map<String, Integer> replicas, Map<String, Integer> primaries) {
        var id = node.id().value();
        return new NodeLine(
                id,
                node.region(),
                node.zone(),
                node.live(),
                node.address(),
                node.diskBytes(),
                replicas.getOrDefault(id, 0),
                primaries.getOrDefault(id, 0));
    }

    private static ShardLine line(ShardInfo shard, boolean led, @Nullable ShardAssignment assignment) {
        List<String> wanted = assignment == null
                ? List.of()
                : assignment.getReplicasList().stream()
                        .filter(placement -> placement.getRole() != ReplicaRole.REPLICA_ROLE_OBSERVER)
                        .map(placement -> placement.getNode())
                        .toList();
        int minimum = assignment == null ? 1 : assignment.getMinInsync();
        return new ShardLine(
                shard.id().value(),
                shard.directory(),
                shard.pool().toString(),
                state(shard, led, wanted, minimum),
                shard.primary().map(NodeId::value).orElse(""),
                shard.inSync().stream().map(NodeId::value).sorted().toList(),
                shard.replicas().stream().map(NodeId::value).sorted().toList(),
                wanted,
                minimum);
    }

    private static ShardState state(ShardInfo shard, boolean led, List<String> wanted, int minimum) {
        var inSync = shard.inSync().stream().map(NodeId::value).toList();
        if (!led) {
            return ShardState.NO_PRIMARY;
        }
        if (inSync.size() < minimum) {
            return ShardState.BELOW_MINIMUM;
        }
        if (inSync.size() < wanted.size()) {
            return ShardState.UNDER_REPLICATED;
        }
        return inSync.containsAll(wanted) ? ShardState.WHOLE : ShardState.MOVING;
    }

    private static Verdict verdict(List<ShardLine> shards) {
        if (shards.isEmpty()) {
            return Verdict.DEGRADED;
        }
        // The worst comes first.
        return switch (shards.get(0).state()) {
            case NO_PRIMARY, BELOW_MINIMUM -> Verdict.ENDANGERED;
            case UNDER_REPLICATED -> Verdict.DEGRADED;
            case MOVING, WHOLE -> Verdict.SAFE;
        };
    }

    private static String summary(List<ShardLine> shards, List<NodeLine> nodes) {
        if (shards.isEmpty()) {
            return "The cluster is empty: no controller has seen live storage nodes yet.";
        }
        long away = nodes.stream().filter(node -> !node.live()).count();
        var text = new StringBuilder();
        text.append(count(shards, ShardState.NO_PRIMARY, " without a primary, "));
        text.append(count(shards, ShardState.BELOW_MINIMUM, " below the minimum of copies, "));
        text.append(count(shards, ShardState.UNDER_REPLICATED, " with fewer copies than they should have, "));
        text.append(count(shards, ShardState.MOVING, " on the move, "));
        long whole = shards.stream()
                .filter(shard -> shard.state() == ShardState.WHOLE)
                .count();
        text.append(whole).append(" of ").append(shards.size()).append(" shards whole; ");
        text.append(nodes.size() - away).append(" of ").append(nodes.size()).append(" nodes in touch.");
        return text.toString();
    }

    private static String count(List<ShardLine> shards, ShardState state, String what) {
        long number = shards.stream().filter(shard -> shard.state() == state).count();
        return number == 0 ? "" : number + what;
    }
}
