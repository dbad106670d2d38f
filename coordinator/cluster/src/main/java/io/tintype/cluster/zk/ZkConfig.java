// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import io.tintype.cluster.config.Meaning;
import java.time.Duration;

/**
 * How to reach ZooKeeper.
 */
public record ZkConfig(
        @Meaning("Servers as host:port,host:port.") String connect,

        @Meaning("Znode below which the cluster keeps everything, without slashes.")
        String root,

        @Meaning("After this long without a word, ZooKeeper takes the process for dead; 1 to 60 s.")
        Duration sessionTimeout,

        @Meaning("How long a starting process waits for the first connection.")
        Duration connectWait) {
    /** The root where none is named. */
    public static final String DEFAULT_ROOT = "tintype";
    /** PROTOCOL's session timeout. */
    public static final Duration DEFAULT_SESSION_TIMEOUT = Duration.ofSeconds(10);

    private static final Duration DEFAULT_CONNECT_WAIT = Duration.ofSeconds(30);

    public ZkConfig {
        require(!connect.isBlank(), "zookeeper.connect", connect, "host:port, or several with commas between");
        require(connect.indexOf('/') < 0, "zookeeper.connect", connect, "servers only; put the path in zookeeper.root");
        require(root.matches("[A-Za-z0-9_-]{1,64}"), "zookeeper.root", root, "1 to 64 letters, digits, '-' or '_'");
        require(
                sessionTimeout.toMillis() >= 1_000 && sessionTimeout.toMillis() <= 60_000,
                "zookeeper.sessionTimeout",
                sessionTimeout,
                "1 s to 60 s");
        require(!connectWait.isNegative(), "zookeeper.connectWait", connectWait, "not negative");
    }

    /** The defaults, with the given servers. */
    public static ZkConfig of(String connect) {
        return new ZkConfig(connect, DEFAULT_ROOT, DEFAULT_SESSION_TIMEOUT, DEFAULT_CONNECT_WAIT);
    }

    /** The same with another session timeout. */
    public ZkConfig withSessionTimeout(Duration timeout) {
        return new ZkConfig(connect, root, timeout, connectWait);
    }

    /** The same with another wait for the first connection. */
    public ZkConfig withConnectWait(Duration wait) {
        return new ZkConfig(connect, root, sessionTimeout, wait);
    }

    private static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is '" + value + "'; it must be " + wanted + ".");
        }
    }
}
