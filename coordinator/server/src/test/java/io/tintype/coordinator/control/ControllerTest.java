// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.proto.internal.v1.ControllerEpoch;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A controller of a cluster without nodes, where nothing is to be written. */
final class ControllerTest {
    private static final int LONG_S = 30;

    @TempDir
    private Path folder;

    @Test
    void whoHasNothingToWriteHearsThatHisTermIsOverAndTakesOfficeAgain() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session)) {
            var terms = new LinkedBlockingQueue<Term>();
            var shards = new DataShards(
                    watcher::view,
                    address -> {
                        throw new IllegalStateException("there are no nodes");
                    },
                    "cluster");
            try (var controller = Controller.start(
                    session,
                    watcher,
                    new NodeId("c1"),
                    new PoolId("eu", "standard"),
                    ControlSettings.DEFAULTS,
                    shards,
                    terms::add)) {
                assertThat(controller).isNotNull();
                var first = terms.poll(LONG_S, TimeUnit.SECONDS);
                assertThat(first).as("the first term").isNotNull();
                raiseEpoch(session);
                var second = terms.poll(LONG_S, TimeUnit.SECONDS);
                assertThat(second).as("another term").isNotNull();
                assertThat(second.epoch()).isEqualTo(first.epoch() + 2);
                assertThat(second.isOver().get(LONG_S, TimeUnit.SECONDS)).isFalse();
            }
        }
    }

    /** Somebody takes office who is not in line any more. */
    private static void raiseEpoch(ZkSession session) throws Exception {
        var epochs = new CompareAndSet<>(session.znodes(), ZnodeCodec.CONTROLLER_EPOCH, ControllerEpoch::equals);
        var now = epochs.read(Paths.CONTROLLER_EPOCH)
                .get(LONG_S, TimeUnit.SECONDS)
                .orElseThrow();
        var next = now.value().toBuilder()
                .setHolder("c2")
                .setEpoch(now.value().getEpoch() + 1)
                .build();
        assertThat(epochs.set(Paths.CONTROLLER_EPOCH, now.version(), next).get(LONG_S, TimeUnit.SECONDS))
                .isInstanceOf(CasOutcome.Won.class);
    }
}
