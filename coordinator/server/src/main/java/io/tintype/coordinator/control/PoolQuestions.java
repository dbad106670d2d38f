// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.Deadline;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.coordinator.route.InBatches;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.v1.PoolCopy;
import io.tintype.proto.v1.PoolShard;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Asks what shards of a pool hold, and how far their copies are. Thread-safe; never blocks. */
final class PoolQuestions {
    private static final Duration SHARD_ANSWERS_WITHIN = Duration.ofSeconds(5);

    private final DataShards shards;
    private final ReplicaQuestions replicas;
    private final Duration patience;

    PoolQuestions(DataShards shards, ReplicaQuestions replicas) {
        this(shards, replicas, SHARD_ANSWERS_WITHIN);
    }

    /** The same, which waits for so long for a shard's answer. */
    PoolQuestions(DataShards shards, ReplicaQuestions replicas, Duration patience) {
        this.shards = shards;
        this.replicas = replicas;
        this.patience = patience;
    }

    /** A shard with users, and its copies in other regions; never fails. */
    CompletableFuture<PoolShard> show(ClusterView now, ShardAssignment shard) {
        var id = new ShardId(shard.getShard());
        var told = PoolShard.newBuilder().setShard(shard.getShard());
        return described(id).thenCompose(primary -> {
            told.setError(primary.error())
                    .setUsers(primary.answer().getUsers())
                    .setUsersLimit(primary.answer().getUsersLimit())
                    .setBlobs(primary.answer().getBlobs())
                    .setBytes(primary.answer().getBytes());
            var observers = shard.getReplicasList().stream()
                    .filter(replica -> replica.getRole() == ReplicaRole.REPLICA_ROLE_OBSERVER)
                    .map(Placement::getNode)
                    .map(NodeId::new)
                    .toList();
            return InBatches.run(observers, node -> copy(now, id, node, primary))
                    .thenApply(copies -> told.addAllCopies(copies).build());
        });
    }

    private CompletableFuture<PoolCopy> copy(ClusterView now, ShardId shard, NodeId node, Told primary) {
        return replicas.describe(shard, node).thenApply(status -> {
            var copy = PoolCopy.newBuilder()
                    .setNode(node.value())
                    .setRegion(now.map().node(node).map(NodeInfo::region).orElse(""))
                    .setError(status.getError().isEmpty() ? primary.error() : status.getError())
                    .setAsOfMs(status.getAsOfMs());
            if (copy.getError().isEmpty()) { // both said how far they are
                copy.setLagRecords(Math.max(0, primary.answer().getLastSequence() - status.getAppliedSequence()));
            }
            return copy.build();
        });
    }

    /**
     * What a primary said of its shard.
     *
     * @param answer empty where it said nothing
     * @param error why it said nothing; empty: it did
     */
    record Told(DescribeReplicaResponse answer, String error) {}

    /** Never fails: a shard that does not answer is part of the answer. */
    CompletableFuture<Told> described(ShardId shard) {
        return shards.describe(shard, deadline())
                .handle((answer, failure) -> failure == null
                        ? new Told(answer, "")
                        : new Told(DescribeReplicaResponse.getDefaultInstance(), text(failure)));
    }

    /**
     * What a primary said of users with more than a quota.
     *
     * @param users how many there are
     * @param error why it said nothing; empty: it did
     */
    record Over(ShardId shard, long users, String error) {}

    /** How many users of a shard have no quota of their own and more than this one; never fails likewise. */
    CompletableFuture<Over> countOver(ShardId shard, UserQuota quota) {
        return shards.countOver(shard, quota, deadline())
                .handle((users, failure) ->
                        failure == null ? new Over(shard, users, "") : new Over(shard, 0, text(failure)));
    }

    private static String text(Throwable failure) {
        return String.valueOf(Errors.fromWire(failure).getMessage());
    }

    /** A region that is cut off costs whoever looks some seconds, not all of his patience. */
    private Deadline deadline() {
        return Deadline.after(patience.toMillis(), TimeUnit.MILLISECONDS).minimum(UnaryProxy.deadlineOfCaller());
    }
}
