// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.v1.ReplicaStatus;
import io.tintype.proto.v1.UserPlace;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Finds every replica that holds something of a user. Thread-safe; never blocks. */
public final class UserPlaces {
    private final Supplier<ClusterView> view;
    private final ReplicaQuestions replicas;

    /** Over parts that outlive this object. */
    public UserPlaces(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.replicas = new ReplicaQuestions(view, channels, clusterId);
    }

    private record Question(ShardId shard, NodeId node, String holds, long bytes) {}

    /**
     * The places, those of his blobs first.
     *
     * @param home his shard
     * @param bytes bytes of his blobs
     */
    CompletableFuture<List<UserPlace>> of(UserId user, ShardId home, long bytes) {
        var now = view.get();
        var questions = new ArrayList<Question>();
        nodes(now, home).forEach(node -> questions.add(new Question(home, node, "blobs", bytes)));
        now.directory()
                .map(layout -> layout.shardOf(user))
                .ifPresent(shard ->
                        nodes(now, shard).forEach(node -> questions.add(new Question(shard, node, "directory", 0))));
        return InBatches.run(
                questions,
                question -> replicas.describe(question.shard(), question.node())
                        .thenApply(status -> place(now, question, status)));
    }

    /** Those that are replicas, and those that are to be: one that is being filled holds something already. */
    private static Set<NodeId> nodes(ClusterView now, ShardId shard) {
        var nodes = new LinkedHashSet<NodeId>();
        now.map().shard(shard).ifPresent(info -> nodes.addAll(info.replicas()));
        Optional.ofNullable(now.assignments().get(shard))
                .ifPresent(assignment -> nodes.addAll(Occupancy.nodes(assignment)));
        return nodes;
    }

    private static UserPlace place(ClusterView now, Question question, ReplicaStatus status) {
        var node = now.map().node(question.node());
        return UserPlace.newBuilder()
                .setNode(question.node().value())
                .setRegion(node.map(NodeInfo::region).orElse(""))
                .setZone(node.map(NodeInfo::zone).orElse(""))
                .setShard(question.shard().value())
                .setHolds(question.holds())
                .setRole(role(now, question))
                .setState(status.getState())
                .setError(status.getError())
                .setBytes(question.bytes())
                .build();
    }

    private static String role(ClusterView now, Question question) {
        var shard = now.map().shard(question.shard());
        if (shard.flatMap(ShardInfo::primary).equals(Optional.of(question.node()))) {
            return "primary";
        }
        var assigned = Optional.ofNullable(now.assignments().get(question.shard())).stream()
                .flatMap(assignment -> assignment.getReplicasList().stream())
                .filter(replica -> replica.getNode().equals(question.node().value()))
                .map(Placement::getRole)
                .findFirst();
        if (assigned.equals(Optional.of(ReplicaRole.REPLICA_ROLE_OBSERVER))) {
            return "observer";
        }
        return shard.map(ShardInfo::inSync).orElse(List.of()).contains(question.node()) ? "voter" : "learner";
    }
}
