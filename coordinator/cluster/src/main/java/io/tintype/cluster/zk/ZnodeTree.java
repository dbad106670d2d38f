// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.zookeeper.WatchedEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows everything at and below one path by a single recursive watch, and reads whatever changes.
 *
 * <p>After every (re)connection all of it is read anew, so that nothing missed in between stays unknown; a read that
 * fails is repeated until it succeeds. At most {@value #MAX_READS} reads are under way at a time.
 *
 * <p>The listener is called on {@code loop} only, one call at a time.
 */
public final class ZnodeTree implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ZnodeTree.class);

    private static final int MAX_READS = 256;
    private static final long RETRY_PAUSE_MS = 500;

    /** Learns what there is. */
    public interface Listener {
        /** A znode is there, new or changed; or, where {@code znode} is null, no longer there. */
        void changed(String path, @Nullable Znode znode);

        /** Everything there was when the connection was made has been told. Again after each reconnection. */
        void loaded();
    }

    private final ZkSession session;
    private final String base;
    private final Executor loop;
    private final Listener listener;
    private final String root;
    private final PersistentWatcher watcher;
    private volatile boolean closed;

    // Confined to the loop:
    private final Set<String> known = new HashSet<>();
    private final Queue<Read> waiting = new ArrayDeque<>();
    private int underWay;
    /** What the scan under way has not met yet; null between scans. */
    private @Nullable Set<String> unseen;

    private long scan;
    private int scanReadsOpen;

    /** A read that is due: of a znode, and in a scan of its children too. {@code scan} is 0 outside scans. */
    private record Read(String path, long scan) {}

    private ZnodeTree(ZkSession session, String base, Executor loop, Listener listener) {
        this.session = session;
        this.base = base;
        this.loop = loop;
        this.listener = listener;
        this.root = session.curator().getNamespace();
        this.watcher = session.watcher(base, true);
    }

    /**
     * Begins to follow a path, which need not exist.
     *
     * @param loop runs one task at a time, in order
     */
    public static ZnodeTree follow(ZkSession session, String path, Executor loop, Listener listener) {
        var tree = new ZnodeTree(session, path, loop, listener);
        tree.watcher.getListenable().addListener(tree::onEvent);
        tree.watcher.getResetListenable().addListener(() -> tree.onLoop(tree::startScan));
        tree.watcher.start();
        return tree;
    }

    /** Stops following. Calls already queued on the loop come to nothing. */
    @Override
    public void close() {
        closed = true;
        watcher.close();
    }

    private void onLoop(Runnable task) {
        if (!closed) {
            loop.execute(() -> {
                if (!closed) {
                    task.run();
                }
            });
        }
    }

    private void onEvent(WatchedEvent event) {
        String path = event.getPath();
        if (path != null) {
            var below = path.substring(1 + root.length());
            onLoop(() -> enqueue(new Read(below, 0)));
        }
    }

    private void startScan() {
        scan++;
        scanReadsOpen = 0;
        unseen = new HashSet<>(known);
        enqueueScan(base);
    }

    private void enqueueScan(String path) {
        scanReadsOpen++;
        enqueue(new Read(path, scan));
    }

    private void enqueue(Read read) {
        waiting.add(read);
        pump();
    }

    private void pump() {
        while (underWay < MAX_READS) {
            var read = waiting.poll();
            if (read == null) {
                return;
            }
            if (read.scan() != 0 && read.scan() != scan) {
                continue; // a newer scan has begun
            }
            underWay++;
            start(read);
        }
    }

    private void start(Read read) {
        var unused = session.znodes()
                .get(read.path())
                .whenComplete((found, failure) -> onLoop(() -> {
                    if (failure != null) {
                        failed(read, failure);
                        return;
                    }
                    tell(read.path(), found.orElse(null));
                    if (read.scan() == 0 || found.isEmpty()) {
                        finished(read);
                    } else {
                        readChildren(read);
                    }
                }));
    }

    private void readChildren(Read read) {
        var unused = session.znodes()
                .children(read.path())
                .whenComplete((names, failure) -> onLoop(() -> {
                    if (failure != null) {
                        failed(read, failure);
                        return;
                    }
                    if (read.scan() == scan) {
                        names.forEach(name -> enqueueScan(read.path() + "/" + name));
                    }
                    finished(read);
                }));
    }

    private void tell(String path, @Nullable Znode znode) {
        if (unseen != null) {
            unseen.remove(path);
        }
        if (znode != null) {
            known.add(path);
            listener.changed(path, znode);
        } else if (known.remove(path)) {
            listener.changed(path, null);
        }
    }

    private void finished(Read read) {
        underWay--;
        if (read.scan() != 0 && read.scan() == scan && --scanReadsOpen == 0) {
            endScan();
        }
        pump();
    }

    /** What the scan did not meet has probably gone; a read of its own says so for certain. */
    private void endScan() {
        var gone = unseen;
        unseen = null;
        if (gone != null) {
            gone.forEach(path -> enqueue(new Read(path, 0)));
        }
        listener.loaded();
    }

    private void failed(Read read, Throwable failure) {
        underWay--;
        pump();
        if (session.znodes().isClosed()) {
            return;
        }
        log.debug("reading {} failed; trying again", read.path(), failure);
        CompletableFuture.delayedExecutor(RETRY_PAUSE_MS, TimeUnit.MILLISECONDS)
                .execute(() -> onLoop(() -> enqueue(read)));
    }
}
