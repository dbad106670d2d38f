// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DigestReplicaResponse;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.v1.ReplicaFinding;
import io.tintype.proto.v1.VerificationGrpc;
import io.tintype.proto.v1.VerifyShardRequest;
import io.tintype.proto.v1.VerifyShardResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Has the replicas of a shard proved against each other, for operators. Changes nothing. Never blocks, so it may run on the
 * transport's threads.
 */
public final class VerificationService extends VerificationGrpc.VerificationImplBase {
    /** Shards that one coordinator verifies at the same time; nodes keep few pinned states. */
    static final int AT_ONCE = 4;

    private final Supplier<ClusterView> view;
    private final Verifier verifier;
    private final Semaphore places = new Semaphore(AT_ONCE);

    VerificationService(Supplier<ClusterView> view, Verifier verifier) {
        this.view = view;
        this.verifier = verifier;
    }

    @Override
    public void verifyShard(VerifyShardRequest request, StreamObserver<VerifyShardResponse> out) {
        Answers.send(out, () -> {
            var shard = known(request.getShard());
            var seen = whoCanBeSeen(shard);
            if (!places.tryAcquire()) {
                throw new TintypeException(
                        Reason.OVERLOADED,
                        "this coordinator verifies " + AT_ONCE + " shards already; ask again when one is done");
            }
            CompletableFuture<Map<NodeId, DigestReplicaResponse>> looked;
            try {
                looked = verifier.look(shard.id(), seen, copies(shard), request.getReadChunks());
            } catch (RuntimeException e) {
                places.release();
                throw e;
            }
            return looked.whenComplete((found, failure) -> places.release())
                    .thenApply(found -> answer(shard, found, seen.get(0)));
        });
    }

    private ShardInfo known(int id) {
        return view.get()
                .map()
                .shards()
                .filter(shard -> shard.id().value() == id)
                .findFirst()
                .orElseThrow(() -> new TintypeException(
                        Reason.SHARD_NOT_FOUND,
                        "There is no shard " + Integer.toUnsignedString(id)
                                + ". See which there are: tintype shard ls"));
    }

    /** The primary, then the other live members of the in-sync set: only they are bound to come to the same record. */
    private List<NodeId> whoCanBeSeen(ShardInfo shard) {
        var primary = shard.primary()
                .orElseThrow(() -> new TintypeException(
                        Reason.NO_PRIMARY,
                        "Shard " + shard.id() + " has no primary, so there is nothing to prove its replicas against."
                                + " See why: tintype shard show " + shard.id()));
        var seen = new ArrayList<NodeId>();
        seen.add(primary);
        shard.inSync().stream()
                .filter(member -> !member.equals(primary) && isLive(member))
                .forEach(seen::add);
        return seen;
    }

    /** Read copies of other regions come to the same record too, only later. */
    private List<NodeId> copies(ShardInfo shard) {
        return shard.replicas().stream()
                .filter(node -> isReadCopy(shard, node) && isLive(node))
                .toList();
    }

    private boolean isLive(NodeId node) {
        return view.get().map().node(node).map(NodeInfo::live).orElse(false);
    }

    private VerifyShardResponse answer(ShardInfo shard, Map<NodeId, DigestReplicaResponse> found, NodeId primary) {
        var reference = Objects.requireNonNull(found.get(primary));
        var answer =
                VerifyShardResponse.newBuilder().setShard(shard.id().value()).setSequence(reference.getSequence());
        for (var node : shard.replicas()) {
            var digest = found.get(node);
            var finding = digest == null
                    ? ReplicaFinding.newBuilder()
                            .setNode(node.value())
                            .setNotSeen(notSeen(shard, node, reference.getSequence()))
                    : finding(node, reference, digest);
            answer.addReplicas(finding.setReadCopy(isReadCopy(shard, node)));
        }
        return answer.build();
    }

    private String notSeen(ShardInfo shard, NodeId node, long sequence) {
        if (!isLive(node)) {
            return "is down";
        }
        return isReadCopy(shard, node)
                ? "is a read copy of another region, which could not be seen at record " + sequence
                        + ", for it may lag: it is not compared"
                : "is not in sync";
    }

    private boolean isReadCopy(ShardInfo shard, NodeId node) {
        var assignment = view.get().assignments().get(shard.id());
        return assignment != null
                && assignment.getReplicasList().stream()
                        .anyMatch(placed -> placed.getRole() == ReplicaRole.REPLICA_ROLE_OBSERVER
                                && placed.getNode().equals(node.value()));
    }

    private static ReplicaFinding.Builder finding(
            NodeId node, DigestReplicaResponse reference, DigestReplicaResponse digest) {
        return ReplicaFinding.newBuilder()
                .setNode(node.value())
                .setSame(Verifier.isSame(reference, digest))
                .setDigest(digest.getDigest())
                .setEntries(digest.getEntries())
                .setChunks(digest.getChunks())
                .setBadChunks(digest.getBadChunks())
                .setChunkBytesRead(digest.getChunkBytes());
    }
}
