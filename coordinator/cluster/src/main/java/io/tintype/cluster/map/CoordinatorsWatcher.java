// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeTree;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which coordinators are live, kept current by watches. Thread-safe. While ZooKeeper is away the last state stands. */
public final class CoordinatorsWatcher implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CoordinatorsWatcher.class);

    private final SerialLoop loop = new SerialLoop("coordinators-watcher");
    private final List<Consumer<Map<String, CoordinatorLiveness>>> listeners = new CopyOnWriteArrayList<>();
    private final ZnodeTree tree;
    private volatile Map<String, CoordinatorLiveness> live = Map.of();

    private CoordinatorsWatcher(ZkSession session) {
        this.tree = ZnodeTree.follow(session, Paths.COORDINATORS, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                onChange(path, znode);
            }

            @Override
            public void loaded() {
                // What there is has been told one by one.
            }
        });
    }

    /** Begins to watch. */
    public static CoordinatorsWatcher start(ZkSession session) {
        return new CoordinatorsWatcher(session);
    }

    /** All live coordinators by id; immutable. */
    public Map<String, CoordinatorLiveness> live() {
        return live;
    }

    /**
     * Adds a listener for the state there is and every new one, in order; called on this watcher's thread, must not block.
     */
    public void addListener(Consumer<Map<String, CoordinatorLiveness>> listener) {
        loop.execute(() -> {
            listeners.add(listener);
            listener.accept(live);
        });
    }

    @Override
    public void close() {
        tree.close();
        loop.close();
    }

    private void onChange(String path, @Nullable Znode znode) {
        if (!path.startsWith(Paths.COORDINATORS + "/")) {
            return;
        }
        try {
            var next = new HashMap<>(live);
            if (znode == null) {
                next.remove(Paths.lastPart(path));
            } else {
                next.put(Paths.lastPart(path), ZnodeCodec.COORDINATOR.decode(path, znode.data()));
            }
            var now = Map.copyOf(next);
            live = now;
            listeners.forEach(listener -> listener.accept(now));
        } catch (RuntimeException e) {
            log.error("ignoring znode {}, which cannot be understood", path, e);
        }
    }
}
