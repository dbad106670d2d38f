// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.cluster.zk.ZkConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** Looks at ZooKeeper from outside, and ends sessions that are not ours. Stateless. */
final class ZooKeeperAdmin {
    private static final int TIMEOUT_MILLIS = 10_000;

    /** From this, the session's id and nothing else, ZooKeeper makes the password that proves a session. */
    private static final long PASSWORD_SEED = 0xB3415C00L;

    private ZooKeeperAdmin() {}

    /** Whether a server leads its ensemble; one that does not answer does not. */
    static boolean isLeader(String server) {
        int colon = server.lastIndexOf(':');
        try (var socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(
                    new InetSocketAddress(server.substring(0, colon), Integer.parseInt(server.substring(colon + 1))),
                    TIMEOUT_MILLIS);
            socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
            var said = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return said.contains("Mode: leader");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Ends the session of a storage node as if it had not been heard of for too long.
     *
     * @param servers host:port,host:port
     */
    static void expireSession(String servers, String node) throws Exception {
        var own = connect(servers, 0);
        try {
            long session = ownerOf(own, "/" + ZkConfig.DEFAULT_ROOT + "/nodes/live/" + node);
            if (session != 0) {
                // Whoever can prove a session may end it.
                connect(servers, session).close();
            }
        } finally {
            own.close();
        }
    }

    private static long ownerOf(ZooKeeper zooKeeper, String path) throws InterruptedException {
        try {
            var stat = new Stat();
            zooKeeper.getData(path, false, stat);
            return stat.getEphemeralOwner();
        } catch (KeeperException e) {
            // The node is not there, or ZooKeeper is not: no session to end.
            return 0;
        }
    }

    private static ZooKeeper connect(String servers, long session) throws IOException, InterruptedException {
        var connected = new CountDownLatch(1);
        var password = new byte[16];
        new Random(session ^ PASSWORD_SEED).nextBytes(password);
        var zooKeeper = new ZooKeeper(
                servers,
                TIMEOUT_MILLIS,
                event -> {
                    if (event.getState() == KeeperState.SyncConnected) {
                        connected.countDown();
                    }
                },
                session,
                password);
        // Without a connection, what follows finds nothing.
        var unused = connected.await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        return zooKeeper;
    }
}
