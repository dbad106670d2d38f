// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.cluster.config.Meaning;
import java.util.Set;

/**
 * Where a node listens, and where it says that others reach it. Immutable.
 */
public record ListenSettings(
        @Meaning("Address to listen on; 0.0.0.0 is all of them.")
        String host,

        @Meaning("Port of the public gRPC API; 0 takes a free one.")
        int port,

        @Meaning("Port for other nodes and coordinators; 0 takes a free one.")
        int peerPort,

        @Meaning("Port for health and metrics over HTTP; 0 takes a free one.")
        int httpPort,

        @Meaning("Name or address at which others reach the node; empty: host.")
        String advertisedHost) {
    private static final Set<String> EVERYWHERE = Set.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0");
    private static final int MAX_PORT = 65_535;

    public ListenSettings {
        Settings.require(!host.isBlank(), "listen.host", host, "an address of this machine");
        Settings.require(port >= 0 && port <= MAX_PORT, "listen.port", port, "0 to 65535");
        Settings.require(peerPort >= 0 && peerPort <= MAX_PORT, "listen.peerPort", peerPort, "0 to 65535");
        Settings.require(httpPort >= 0 && httpPort <= MAX_PORT, "listen.httpPort", httpPort, "0 to 65535");
        Settings.require(
                httpPort == 0 || (httpPort != port && httpPort != peerPort),
                "listen.httpPort",
                httpPort,
                "another port than listen.port and listen.peerPort");
        Settings.require(port == 0 || port != peerPort, "listen.peerPort", peerPort, "another port than listen.port");
        Settings.require(
                !advertisedHost.isBlank() || !EVERYWHERE.contains(host),
                "listen.advertisedHost",
                advertisedHost,
                "a name at which others reach this node, since it listens on " + host);
    }

    /** The address others are told, for a port that was bound. */
    String advertised(int boundPort) {
        var name = advertisedHost.isBlank() ? host : advertisedHost;
        return (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + boundPort;
    }
}
