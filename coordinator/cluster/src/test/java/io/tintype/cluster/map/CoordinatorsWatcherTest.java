// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.node.CoordinatorRegistration;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CoordinatorsWatcherTest {
    private record Told(Set<String> live, Thread by) {}

    @TempDir
    private Path folder;

    /** On a thread of its own the first one could come after a newer one, and stand until the next change. */
    @Test
    void whatAListenerIsToldComesInOrder() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = CoordinatorsWatcher.start(session)) {
            var told = new CopyOnWriteArrayList<Told>();
            watcher.addListener(live -> told.add(new Told(live.keySet(), Thread.currentThread())));
            await().untilAsserted(() -> assertThat(told).extracting(Told::live).containsExactly(Set.of()));
            try (var registration = CoordinatorRegistration.start(
                    session,
                    new NodeId("c1"),
                    CoordinatorLiveness.newBuilder().setBootId(1).build())) {
                registration.registered().get(10, TimeUnit.SECONDS);
                await().untilAsserted(
                                () -> assertThat(told).extracting(Told::live).contains(Set.of("c1")));
            }
            assertThat(told)
                    .extracting(Told::by)
                    .containsOnly(told.get(told.size() - 1).by());
        }
    }
}
