// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.v1.ReplicaFinding;
import io.tintype.proto.v1.VerifyShardRequest;
import io.tintype.proto.v1.VerifyShardResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VerificationServiceTest {
    private static final ShardId SHARD = new ShardId(1);

    @TempDir
    private Path folder;

    /** It may lag by its nature: else no shard with one were ever found to be whole. */
    @Test
    void aReadCopyThatLagsIsNamedAsOneAndNotAsAReplicaThatIsMissed() throws Exception {
        var found = verify(nodes -> nodes.lags("n4"));
        assertThat(found).extracting(ReplicaFinding::getNode).containsExactly("n1", "n2", "n3", "n4");
        assertThat(found).extracting(ReplicaFinding::getReadCopy).containsExactly(false, false, false, true);
        assertThat(found).extracting(ReplicaFinding::getSame).containsExactly(true, true, false, false);
        assertThat(found.get(2).getNotSeen()).isEqualTo("is not in sync");
        assertThat(found.get(3).getNotSeen())
                .contains("read copy of another region")
                .contains("at record 7");
    }

    @Test
    void aReadCopyThatHasCaughtUpIsCompared() throws Exception {
        var same = verify(nodes -> {});
        assertThat(same).extracting(ReplicaFinding::getSame).containsExactly(true, true, false, true);
        assertThat(same.get(3).getNotSeen()).isEmpty();
        assertThat(same.get(3).getReadCopy()).isTrue();

        var other = verify(nodes -> nodes.holdsSomethingElse("n4"));
        assertThat(other).extracting(ReplicaFinding::getSame).containsExactly(true, true, false, false);
        assertThat(other.get(3).getNotSeen()).as("it was seen").isEmpty();
    }

    @Test
    void aReadCopyThatCannotBeDigestedHoldsNothingUp() throws Exception {
        var found = verify(nodes -> nodes.digestsNothing("n4"));
        assertThat(found).extracting(ReplicaFinding::getSame).containsExactly(true, true, false, false);
        assertThat(found.get(3).getNotSeen()).contains("could not be seen");
    }

    private List<ReplicaFinding> verify(Consumer<ToyNodes> disturbance) throws Exception {
        try (var offices = Offices.open(folder);
                var nodes = new ToyNodes(offices.session(), List.of("n1", "n2", "n3", "n4"))) {
            disturbance.accept(nodes);
            var view = view();
            var service = new VerificationService(() -> view, new Verifier(() -> view, nodes, ToyNodes.CLUSTER));
            var told = new CompletableFuture<VerifyShardResponse>();
            service.verifyShard(VerifyShardRequest.newBuilder().setShard(1).build(), new StreamObserver<>() {
                @Override
                public void onNext(VerifyShardResponse found) {
                    told.complete(found);
                }

                @Override
                public void onError(Throwable error) {
                    told.completeExceptionally(error);
                }

                @Override
                public void onCompleted() {}
            });
            return ToyNodes.get(told).getReplicasList();
        }
    }

    /** n1 and n2 are in sync, n3 is behind, and n4 is a copy. */
    private static ClusterView view() {
        var all = Stream.of("n1", "n2", "n3", "n4").map(NodeId::new).toList();
        var shard = new ShardInfo(SHARD, false, PoolId.parse(ToyNodes.POOL), 1, all.get(0), all.subList(0, 2), all, 1);
        var assignment = Offices.assigned(1, "n1", "n2", "n3").toBuilder()
                .addReplicas(Placement.newBuilder().setNode("n4").setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        var nodes = all.stream()
                .map(id -> new NodeInfo(id, id.value(), id.value(), "eu", "a", true, 1))
                .toList();
        return new ClusterView(ShardMap.of(nodes, List.of(shard)), Map.of(), Map.of(SHARD, assignment), null);
    }
}
