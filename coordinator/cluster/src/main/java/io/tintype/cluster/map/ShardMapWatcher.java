// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeTree;
import io.tintype.model.Reason;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole map, kept current by watches: for coordinators. Storage nodes, of which there are many more, use {@link
 * ShardZnodes} and {@link NodesWatcher} instead.
 *
 * <p>Thread-safe. Changes that come together are published together, at most once in {@value #PUBLISH_MS} ms. While
 * ZooKeeper is away the last view stands.
 */
public final class ShardMapWatcher implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ShardMapWatcher.class);

    private static final int PUBLISH_MS = 10;
    private static final Duration READY_RETRY = Duration.ofSeconds(1);
    private static final List<String> FOLLOWED =
            List.of("/nodes", Paths.POOLS, Paths.DIRECTORY_MAP, Paths.SHARDS, Paths.ASSIGNMENTS);

    private final SerialLoop loop = new SerialLoop("shard-map");
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final List<Consumer<ClusterView>> listeners = new CopyOnWriteArrayList<>();
    private final ClusterTable table = new ClusterTable();
    private final AtomicInteger treesToLoad = new AtomicInteger(FOLLOWED.size());
    private final List<ZnodeTree> trees;
    private boolean publishing; // confined to the loop
    private volatile ClusterView view = ClusterView.EMPTY;

    private ShardMapWatcher(ZkSession session) {
        trees = FOLLOWED.stream().map(path -> follow(session, path)).toList();
    }

    /** Begins to watch. */
    public static ShardMapWatcher start(ZkSession session) {
        return new ShardMapWatcher(session);
    }

    /** Completes when everything there was at the start is known. */
    public CompletableFuture<Void> ready() {
        return ready.copy();
    }

    /** All that is known now; {@link ClusterView#EMPTY} before {@link #ready}. */
    public ClusterView view() {
        return view;
    }

    /**
     * The same for who would take nothing for all there is: throws {@link TintypeException} UNAVAILABLE before {@link #ready}.
     */
    public ClusterView known() {
        if (!ready.isDone()) {
            throw new TintypeException(
                    Reason.UNAVAILABLE,
                    "This coordinator does not know the map yet. Ask again, or ask another one.",
                    READY_RETRY);
        }
        return view;
    }

    /** Nodes and shards as known now. */
    public ShardMap map() {
        return view.map();
    }

    /** Adds a listener for new views, from now on; called on this watcher's thread, must not block. */
    public ZkSession.Registration addListener(Consumer<ClusterView> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void close() {
        trees.forEach(ZnodeTree::close);
        loop.close();
    }

    private ZnodeTree follow(ZkSession session, String path) {
        return ZnodeTree.follow(session, path, loop, new ZnodeTree.Listener() {
            private boolean first = true;

            @Override
            public void changed(String changedPath, @Nullable Znode znode) {
                take(changedPath, znode);
            }

            @Override
            public void loaded() {
                if (first) {
                    first = false;
                    oneTreeLoaded();
                }
            }
        });
    }

    private void oneTreeLoaded() {
        if (treesToLoad.decrementAndGet() == 0) {
            publish();
            ready.complete(null);
        }
    }

    private void take(String path, @Nullable Znode znode) {
        try {
            table.changed(path, znode);
        } catch (RuntimeException e) {
            log.error("ignoring znode {}, which cannot be understood", path, e);
        }
        if (treesToLoad.get() == 0 && table.isChanged() && !publishing) {
            publishing = true;
            loop.schedule(PUBLISH_MS, this::publish);
        }
    }

    private void publish() {
        publishing = false;
        var next = table.next(view);
        view = next;
        for (var listener : listeners) {
            try {
                listener.accept(next);
            } catch (RuntimeException e) {
                log.error("a listener failed on a new view", e);
            }
        }
    }
}
