// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.ReplicaPlacement.Candidate;
import io.tintype.cluster.zk.Versioned;
import io.tintype.coordinator.route.InBatches;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.v1.AcceptedLoss;
import io.tintype.proto.v1.PoolShardSwitch;
import io.tintype.proto.v1.ReplicaStatus;
import io.tintype.proto.v1.ShardSwitchWay;
import io.tintype.proto.v1.SwitchPoolRequest;
import io.tintype.proto.v1.SwitchPoolResponse;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has another region serve a pool. What stands in ZooKeeper is one word, the pool's serving region: the controller brings
 * assignments to it, and primaries hand their shards over by the rules for any change of replicas, once those who come are in
 * sync. Only shards whose primary cannot be asked are taken by force, each by the copy that is known to have most.
 * Thread-safe; never blocks.
 */
final class PoolSwitch {
    private static final Logger log = LoggerFactory.getLogger(PoolSwitch.class);

    /** Moments are told in milliseconds, each time reckoned anew from a clock that does not jump. */
    private static final long ROUNDING_MS = 100;

    private static final String LEADS = "PRIMARY";
    private static final String IN_SYNC = "FOLLOWER";

    /** What replicas with something whole to lead with say of themselves; one that is being filled has not. */
    private static final Set<String> MAY_LEAD = Set.of(IN_SYNC, "LEARNER", "OBSERVER");

    private final Supplier<ClusterView> view;
    private final PoolAdmin admin;
    private final PoolZnodes pools;
    private final ReplicaQuestions replicas;
    private final ShardOrders orders;

    PoolSwitch(
            Supplier<ClusterView> view,
            PoolAdmin admin,
            PoolZnodes pools,
            ReplicaQuestions replicas,
            ShardOrders orders) {
        this.view = view;
        this.admin = admin;
        this.pools = pools;
        this.replicas = replicas;
        this.orders = orders;
    }

    CompletableFuture<SwitchPoolResponse> run(SwitchPoolRequest request) {
        var pool = new PoolId(request.getRegion(), request.getTier());
        return admin.find(pool).thenCompose(found -> {
            var after = found.value().switchedTo(request.getTo());
            var now = view.get();
            requireNodes(now, after);
            return InBatches.run(PoolChange.shards(now, pool), shard -> look(now, shard, after.servingRegion()))
                    .thenCompose(shards -> done(request, found, after, shards));
        });
    }

    private CompletableFuture<SwitchPoolResponse> done(
            SwitchPoolRequest request, Versioned<PoolRules> before, PoolRules after, List<PoolShardSwitch> shards) {
        var answer = SwitchPoolResponse.newBuilder()
                .setBefore(before.value().toWire())
                .setAfter(after.toWire());
        if (request.getPreview()) {
            return CompletableFuture.completedFuture(answer.addAllShards(shards).build());
        }
        requireAccepted(after.id(), request, shards);
        log.warn(
                "audit: pool {} is to be served by region {}; {} of its shards are taken by force",
                after.id(),
                after.servingRegion(),
                shards.stream().filter(PoolSwitch::isForced).count());
        return store(before, after)
                .thenCompose(stored -> InBatches.run(shards, this::order))
                .thenApply(
                        ordered -> answer.setChanged(true).addAllShards(ordered).build());
    }

    private CompletableFuture<Void> store(Versioned<PoolRules> before, PoolRules after) {
        if (after.equals(before.value())) {
            return CompletableFuture.completedFuture(null);
        }
        return pools.replace(before.version(), after).thenAccept(made -> {
            if (!made) {
                throw new TintypeException(
                        Reason.UNAVAILABLE, "Somebody else changed pool " + after.id() + " meanwhile; try again.");
            }
        });
    }

    /** With fewer nodes than replicas nothing could be moved there, and forced shards would take no writes. */
    static void requireNodes(ClusterView now, PoolRules after) {
        var zones = new Occupancy(now)
                .candidates(after.labels()).stream()
                        .filter(node -> node.region().equals(after.servingRegion()))
                        .collect(Collectors.groupingBy(Candidate::zone, TreeMap::new, Collectors.counting()));
        long nodes = zones.values().stream().mapToLong(Long::longValue).sum();
        if (nodes < after.replicationFactor()) {
            throw new TintypeException(
                    Reason.WRONG_STATE,
                    "Region " + after.servingRegion() + " has " + nodes + " live storage nodes for pool " + after.id()
                            + " that are neither in maintenance nor to be drained, and its shards have "
                            + after.replicationFactor()
                            + " replicas. Add nodes there, or lower the pool's replicas first; nothing was changed.");
        }
        if (after.zonesRequired() && zones.size() < after.replicationFactor()) {
            throw new TintypeException(
                    Reason.WRONG_STATE,
                    "Pool " + after.id() + " asks for a zone for each of " + after.replicationFactor()
                            + " replicas, but the nodes of region " + after.servingRegion()
                            + " that may hold them stand in " + zones.size() + ": "
                            + String.join(", ", zones.keySet())
                            + ". Add nodes in other zones, or give up zones_required first; nothing was changed.");
        }
    }

    // ---- what would be done

    private CompletableFuture<PoolShardSwitch> look(ClusterView now, ShardAssignment assignment, String region) {
        var id = new ShardId(assignment.getShard());
        var shard = now.map().shard(id);
        var told = PoolShardSwitch.newBuilder().setShard(id.value()).setDirectory(!PoolChange.isData(assignment));
        var primary = shard.flatMap(ShardInfo::primary);
        var asked = primary.map(node -> replicas.describe(id, node))
                .orElseGet(() -> CompletableFuture.completedFuture(ReplicaStatus.getDefaultInstance()));
        var copies = shard.map(ShardInfo::replicas).orElse(List.of()).stream()
                .filter(node -> now.map()
                        .node(node)
                        .filter(info -> info.region().equals(region))
                        .isPresent())
                .toList();
        return asked.thenCompose(leader -> {
            boolean led = leader.getState().equals(LEADS);
            if (led && primary.filter(copies::contains).isPresent()) {
                return CompletableFuture.completedFuture(told.setWay(ShardSwitchWay.SHARD_SWITCH_WAY_THERE)
                        .setNode(leader.getNode())
                        .build());
            }
            return InBatches.run(copies, node -> replicas.describe(id, node))
                    .thenApply(answers -> judge(told, led ? Optional.of(leader) : Optional.empty(), answers));
        });
    }

    private static PoolShardSwitch judge(
            PoolShardSwitch.Builder told, Optional<ReplicaStatus> leader, List<ReplicaStatus> copies) {
        var best = copies.stream()
                .filter(copy -> copy.getError().isEmpty() && MAY_LEAD.contains(copy.getState()))
                .max(Comparator.comparing(
                                (ReplicaStatus copy) -> copy.getState().equals(IN_SYNC))
                        .thenComparingLong(ReplicaStatus::getAsOfMs)
                        .thenComparingLong(ReplicaStatus::getLastSequence));
        if (leader.isPresent()) {
            best.ifPresent(copy -> told.setNode(copy.getNode())
                    .setAsOfMs(copy.getAsOfMs())
                    .setLagRecords(Math.max(0, leader.get().getLastSequence() - copy.getAppliedSequence())));
            return told.setWay(ShardSwitchWay.SHARD_SWITCH_WAY_HAND_OVER).build();
        }
        if (best.isEmpty()) {
            return told.setWay(ShardSwitchWay.SHARD_SWITCH_WAY_NONE)
                    .setError(
                            copies.isEmpty()
                                    ? "it has no copy there"
                                    : copies.stream()
                                            .map(copy -> copy.getNode() + " "
                                                    + (copy.getError().isEmpty() ? copy.getState() : copy.getError()))
                                            .collect(Collectors.joining("; ")))
                    .build();
        }
        return told.setWay(ShardSwitchWay.SHARD_SWITCH_WAY_FORCE)
                .setNode(best.get().getNode())
                .setAsOfMs(best.get().getAsOfMs())
                .setLastSequence(best.get().getLastSequence())
                .build();
    }

    // ---- doing it

    /** Nothing is lost that nobody was told of. */
    private static void requireAccepted(PoolId pool, SwitchPoolRequest request, List<PoolShardSwitch> shards) {
        if (!request.getConfirmPool().equals(pool.toString())) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "Pool " + pool + " is not switched: its name was to be said twice, and the second was '"
                            + request.getConfirmPool() + "'.");
        }
        Map<Integer, Long> accepted = request.getAcceptedList().stream()
                .collect(Collectors.toMap(AcceptedLoss::getShard, AcceptedLoss::getAsOfMs, Math::max));
        for (var shard : shards) {
            var shown = accepted.get(shard.getShard());
            if (isForced(shard) && (shown == null || shard.getAsOfMs() < shown - ROUNDING_MS)) {
                throw new TintypeException(
                        Reason.WRONG_STATE,
                        "Shard " + shard.getShard() + " of pool " + pool + " would lose "
                                + (shown == null ? "acknowledged writes" : "more")
                                + " by now than was shown. Look at the preview again; nothing was changed.");
            }
        }
    }

    private static boolean isForced(PoolShardSwitch shard) {
        return shard.getWay() == ShardSwitchWay.SHARD_SWITCH_WAY_FORCE;
    }

    /** Never fails: a shard that cannot be taken now is part of the answer, and the others are. */
    private CompletableFuture<PoolShardSwitch> order(PoolShardSwitch shard) {
        if (!isForced(shard)) {
            return CompletableFuture.completedFuture(shard);
        }
        return forced(shard)
                .handle((epoch, failure) -> failure == null
                        ? shard
                        : shard.toBuilder()
                                .setError(ReplicaQuestions.text(failure))
                                .build());
    }

    private CompletableFuture<Long> forced(PoolShardSwitch shard) {
        try {
            return orders.force(new ShardId(shard.getShard()), shard.getShard(), new NodeId(shard.getNode()));
        } catch (TintypeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
