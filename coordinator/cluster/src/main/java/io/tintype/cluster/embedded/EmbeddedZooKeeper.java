// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.PurgeTxnLog;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.persistence.FilePadding;

/**
 * One standalone ZooKeeper server in this process, on the loopback interface.
 *
 * <p>Keeps its data in the given folder and goes on from there when started again, also after the process was killed.
 * It is one server: where it is lost, so is the map. Thread-safe; {@link #close} may be called twice.
 */
public final class EmbeddedZooKeeper implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    /** ZooKeeper's unit of time; sessions are checked this often. */
    private static final int TICK_MS = 500;

    private static final int MIN_SESSION_MS = 1_000;
    private static final int MAX_SESSION_MS = 60_000;
    private static final int MAX_CONNECTIONS = 1_000;
    /** Transaction logs are made this long at once; ZooKeeper's own default of 64 MiB is for bigger machines. */
    private static final long LOG_PREALLOCATION_BYTES = 4L << 20;
    /** Snapshots that are kept at start; the fewest that ZooKeeper's purge agrees to. */
    private static final int KEPT_SNAPSHOTS = 3;

    private final ZooKeeperServer server;
    private final ServerCnxnFactory connections;

    private EmbeddedZooKeeper(ZooKeeperServer server, ServerCnxnFactory connections) {
        this.server = server;
        this.connections = connections;
    }

    /**
     * Starts a server; when this returns, it answers.
     *
     * @param dataFolder where its data are kept; made if absent
     * @param port TCP port on the loopback interface; 0 takes a free one
     * @throws UncheckedIOException if the folder cannot be written or the port is taken; the message says which
     */
    public static EmbeddedZooKeeper start(Path dataFolder, int port) {
        try {
            Files.createDirectories(dataFolder);
            FilePadding.setPreallocSize(LOG_PREALLOCATION_BYTES);
            var folder = dataFolder.toFile();
            PurgeTxnLog.purge(folder, folder, KEPT_SNAPSHOTS);
            var server = new ZooKeeperServer(folder, folder, TICK_MS);
            server.setMinSessionTimeout(MIN_SESSION_MS);
            server.setMaxSessionTimeout(MAX_SESSION_MS);
            var connections = new NIOServerCnxnFactory();
            connections.configure(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), MAX_CONNECTIONS);
            connections.startup(server);
            return new EmbeddedZooKeeper(server, connections);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The embedded ZooKeeper could not start on " + HOST + ":" + port + " with its data in " + dataFolder
                            + ": " + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the embedded ZooKeeper was starting", e);
        }
    }

    /** What a client connects to: {@code 127.0.0.1:port}. */
    public String connectString() {
        return HOST + ":" + port();
    }

    /** The port it listens on. */
    public int port() {
        return connections.getLocalPort();
    }

    /**
     * Ends a client's session as if it had not been heard of for too long: its ephemeral znodes vanish and the client is
     * told that it has expired.
     */
    public void expireSession(long sessionId) {
        server.closeSession(sessionId);
    }

    /** Stops serving; the data stay. */
    @Override
    public void close() {
        connections.shutdown();
        server.shutdown();
    }
}
