// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeRegistration;
import io.tintype.proto.internal.v1.ShardRecord;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ZnodeLocatorTest {
    @TempDir
    private Path folder;

    @Test
    void aPrimaryThatWasNotLiveSinceThisProcessStartedIsNoneYet() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var shards = new ShardZnodes(session)) {
            String path = Paths.nodeRegistration("n1");
            var registration =
                    NodeRegistration.newBuilder().setFormat(1).setId("n1").build();
            session.znodes()
                    .create(path, ZnodeCodec.NODE_REGISTRATION.encode(path, registration))
                    .get(10, TimeUnit.SECONDS);
            shards.create(ShardRecord.newBuilder()
                            .setFormat(1)
                            .setShard(9)
                            .setPool("eu.standard")
                            .setPrimary("n1")
                            .build())
                    .get(10, TimeUnit.SECONDS);
            try (var nodes = NodesWatcher.start(session)) {
                nodes.ready().get(10, TimeUnit.SECONDS);
                var locator = new ZnodeLocator(session, shards, nodes);
                assertThatThrownBy(() -> locator.locate(new ShardId(9), true).get(10, TimeUnit.SECONDS))
                        .cause()
                        .isInstanceOfSatisfying(TintypeException.class, e -> {
                            assertThat(e.reason()).isEqualTo(Reason.NO_PRIMARY);
                            assertThat(e.retryAfter()).isPresent();
                        });
            }
        }
    }
}
