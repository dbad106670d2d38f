// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A tree tells what is at and below its path, and leaves nothing with ZooKeeper when it is closed. */
@Timeout(120)
final class ZnodeTreeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String BASE = "/things";

    @TempDir
    private Path folder;

    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final ConcurrentHashMap<String, String> told = new ConcurrentHashMap<>();
    private final CountDownLatch loaded = new CountDownLatch(1);
    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;

    @BeforeEach
    void open() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    @AfterEach
    void close() {
        session.close();
        zooKeeper.close();
        loop.shutdownNow();
    }

    private ZnodeTree follow() throws Exception {
        var tree = ZnodeTree.follow(session, BASE, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                if (znode == null) {
                    told.remove(path);
                } else {
                    told.put(path, new String(znode.data(), StandardCharsets.UTF_8));
                }
            }

            @Override
            public void loaded() {
                loaded.countDown();
            }
        });
        assertThat(loaded.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return tree;
    }

    private void create(String path, String data) {
        session.znodes().create(path, data.getBytes(StandardCharsets.UTF_8)).join();
    }

    /** What ZooKeeper tells this client of, with all below it. */
    private List<?> watched() throws Exception {
        var watches = ZooKeeper.class.getDeclaredMethod("getPersistentRecursiveWatches");
        watches.setAccessible(true); // protected: there is no other way to ask a client
        return (List<?>) watches.invoke(session.curator().getZookeeperClient().getZooKeeper());
    }

    @Test
    void whatIsThereAndWhatComesIsToldByThePathBelowTheRoot() throws Exception {
        create(BASE, "all");
        create(BASE + "/first", "1");
        var tree = follow();
        assertThat(told).containsOnlyKeys(BASE, BASE + "/first").containsEntry(BASE + "/first", "1");

        create(BASE + "/second", "2");
        session.znodes().delete(BASE + "/first", 0).join();

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(told)
                        .containsOnlyKeys(BASE, BASE + "/second")
                        .containsEntry(BASE + "/second", "2"));
        tree.close();
    }

    @Test
    void aTreeThatIsClosedIsWatchedNoMore() throws Exception {
        var tree = follow();
        assertThat(watched()).hasSize(1);

        tree.close();

        await("the watch to end").atMost(PATIENCE).until(() -> watched().isEmpty());
    }
}
