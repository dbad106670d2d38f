// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.curator.utils.ZKPaths;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's session with ZooKeeper, renewed when it is lost. Thread-safe.
 *
 * <p>One a process: ephemeral znodes and watches go with it.
 */
public final class ZkSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ZkSession.class);

    private static final int CONNECTION_TIMEOUT_MS = 5_000;
    private static final int RETRY_FIRST_MS = 50;
    private static final int RETRY_LONGEST_MS = 1_000;
    private static final int RETRIES = 3;

    /** Who does not hear from ZooKeeper for so long need not begin to change anything. */
    public static final Duration ANSWERS_WITHIN = Duration.ofSeconds(3);

    /** What became of the connection. */
    public enum State {
        /** Connected, perhaps with a new session: what was watched or ephemeral may be gone, and must be looked after. */
        CONNECTED,
        /** Out of touch; the session may still be alive. */
        SUSPENDED,
        /** The session is over, or must be taken to be. */
        LOST
    }

    /** Is told what becomes of the connection, on a thread of its own; must not block for long. */
    @FunctionalInterface
    public interface Listener {
        /** The connection is now in this state. */
        void stateChanged(State state);
    }

    private final ZkConfig config;
    private final CuratorFramework root;
    private final CuratorFramework client;
    private final CuratorZnodes znodes;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    private ZkSession(ZkConfig config, CuratorFramework root) {
        this.config = config;
        this.root = root;
        this.client = root.usingNamespace(config.root());
        this.znodes = new CuratorZnodes(client);
    }

    /**
     * Connects, and makes the cluster's root where it is absent.
     *
     * @throws ZkUnavailableException if there is no connection within {@link ZkConfig#connectWait}
     */
    public static ZkSession connect(ZkConfig config) {
        var root = CuratorFrameworkFactory.builder()
                .connectString(config.connect())
                .sessionTimeoutMs((int) config.sessionTimeout().toMillis())
                .connectionTimeoutMs(CONNECTION_TIMEOUT_MS)
                .retryPolicy(new BoundedExponentialBackoffRetry(RETRY_FIRST_MS, RETRY_LONGEST_MS, RETRIES))
                .dontUseContainerParents()
                .build();
        root.start();
        var session = new ZkSession(config, root);
        root.getConnectionStateListenable().addListener((client, state) -> session.changed(state));
        try {
            session.firstContact();
            return session;
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private void firstContact() {
        try {
            int waitMs = (int) config.connectWait().toMillis();
            if (!root.blockUntilConnected(waitMs, TimeUnit.MILLISECONDS)) {
                throw new ZkUnavailableException("ZooKeeper at " + config.connect() + " did not answer within "
                        + config.connectWait().toSeconds()
                        + " s. Check that it runs and that zookeeper.connect names it.");
            }
            // The first operation of a rooted client makes the root, blocking: let it be this one.
            client.checkExists().forPath(Paths.META);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ZkUnavailableException("Interrupted while waiting for ZooKeeper at " + config.connect() + ".", e);
        } catch (ZkUnavailableException e) {
            throw e;
        } catch (Exception e) { // what Curator declares
            throw new ZkUnavailableException(
                    "ZooKeeper at " + config.connect() + " did not let /" + config.root() + " be created: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Single operations on znodes below the cluster's root. */
    public Znodes znodes() {
        return znodes;
    }

    /** Curator's client, rooted at the cluster's root, for its recipes. */
    public CuratorFramework curator() {
        return client;
    }

    /**
     * A watch of a path below the cluster's root, which is made anew with every connection, once it is started.
     *
     * @param recursive whether of all below it too
     */
    public PersistentWatcher watcher(String path, boolean recursive) {
        // Not by the rooted client: Curator adds a watch of its by the path below the root, but would remove it by the
        // whole
        // one, does not find it then, and leaves it with ZooKeeper until the session ends.
        return new PersistentWatcher(root, ZKPaths.fixForNamespace(config.root(), path), recursive);
    }

    /** What this session was told to be. */
    public ZkConfig config() {
        return config;
    }

    /**
     * Completes once ZooKeeper has answered. Fails where it does not within {@link #ANSWERS_WITHIN}: what is asked for before a
     * change is begun that would wait until ZooKeeper is back.
     */
    public CompletableFuture<Void> reached() {
        return znodes.sync(Paths.META).orTimeout(ANSWERS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** True while the connection stands. */
    public boolean isConnected() {
        return client.getZookeeperClient().isConnected();
    }

    /** The id of the current session: who owns this process's ephemeral znodes. */
    public long sessionId() {
        try {
            return client.getZookeeperClient().getZooKeeper().getSessionId();
        } catch (Exception e) { // what Curator declares: the handle is being renewed
            log.debug("no session at the moment", e);
            return 0;
        }
    }

    /** Adds a listener; it learns of changes from now on. Closing the handle removes it. */
    public Registration addListener(Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** A handle on something that goes on until closed. */
    @FunctionalInterface
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    private void changed(ConnectionState curatorState) {
        var state = switch (curatorState) {
            case CONNECTED, RECONNECTED, READ_ONLY -> State.CONNECTED;
            case SUSPENDED -> State.SUSPENDED;
            case LOST -> State.LOST;
        };
        if (state == State.CONNECTED) {
            log.info("connected to ZooKeeper at {}", config.connect());
        } else {
            log.warn("connection to ZooKeeper at {} is {}", config.connect(), state);
        }
        for (var listener : listeners) {
            try {
                listener.stateChanged(state);
            } catch (RuntimeException e) {
                log.error("a listener failed on {}", state, e);
            }
        }
    }

    /** Ends the session: ephemeral znodes vanish at once, operations in flight fail. */
    @Override
    public void close() {
        root.close();
        znodes.close();
    }
}
