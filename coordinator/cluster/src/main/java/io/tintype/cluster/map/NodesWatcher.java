// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeTree;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which nodes there are, where they are reached, and which are in touch with ZooKeeper: what a storage node knows of its
 * peers. Thread-safe.
 */
public final class NodesWatcher implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodesWatcher.class);

    private final SerialLoop loop = new SerialLoop("nodes-watcher");
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final List<Consumer<NodeInfo>> listeners = new CopyOnWriteArrayList<>();
    private final NodeTable table = new NodeTable();
    private final ZnodeTree tree;
    private volatile Map<NodeId, NodeInfo> nodes = Map.of();

    private NodesWatcher(ZkSession session) {
        this.tree = ZnodeTree.follow(session, "/nodes", loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                onChange(path, znode);
            }

            @Override
            public void loaded() {
                ready.complete(null);
            }
        });
    }

    /** Begins to watch. */
    public static NodesWatcher start(ZkSession session) {
        return new NodesWatcher(session);
    }

    /** Completes when all nodes there were at the start are known. */
    public CompletableFuture<Void> ready() {
        return ready.copy();
    }

    /** The node of that id, as last heard of. */
    public Optional<NodeInfo> node(NodeId id) {
        return Optional.ofNullable(nodes.get(id));
    }

    /** All nodes by id; immutable. */
    public Map<NodeId, NodeInfo> nodes() {
        return nodes;
    }

    /** Adds a listener for nodes that are new or changed; called on this watcher's thread, must not block. */
    public ZkSession.Registration addListener(Consumer<NodeInfo> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void close() {
        tree.close();
        loop.close();
    }

    private void onChange(String path, @Nullable Znode znode) {
        try {
            table.changed(path, znode).ifPresent(this::publish);
        } catch (RuntimeException e) {
            log.error("ignoring znode {}, which cannot be understood", path, e);
        }
    }

    private void publish(NodeId id) {
        var next = new HashMap<>(nodes);
        var node = table.node(id);
        node.ifPresentOrElse(info -> next.put(id, info), () -> next.remove(id));
        nodes = Map.copyOf(next);
        node.ifPresent(info -> listeners.forEach(listener -> listener.accept(info)));
    }
}
