// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BalancingServiceTest {
    @TempDir
    private Path folder;

    /** What it would go by may have changed, and it could not be kept. */
    @Test
    void noPlanIsMadeWhileZooKeeperIsOutOfReach() throws Exception {
        var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        try (var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session);
                var balancer = Balancer.start(
                        session,
                        watcher,
                        address -> {
                            throw new AssertionError("there is no node " + address);
                        },
                        "cluster",
                        BalanceSettings.DEFAULTS)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            zooKeeper.close();
            var told = new CompletableFuture<TintypeException>();
            balancer.service().makePlan(MakePlanRequest.getDefaultInstance(), refused(told));
            var said = told.get(10, TimeUnit.SECONDS);
            assertThat(said.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(said).hasMessageContaining("nothing was begun or changed");
        }
    }

    private static StreamObserver<MakePlanResponse> refused(CompletableFuture<TintypeException> told) {
        return new StreamObserver<>() {
            @Override
            public void onNext(MakePlanResponse made) {
                told.completeExceptionally(new AssertionError(made));
            }

            @Override
            public void onError(Throwable error) {
                told.complete(Errors.fromWire(error));
            }

            @Override
            public void onCompleted() {}
        };
    }
}
