// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Which server of a development cluster listens where: all within 100 ports from a base, or wherever there is room when
 * the base is 0. Immutable.
 */
record DevPorts(int base) {
    /** Most storage nodes for which the plan has ports. */
    static final int MAX_NODES = 7;

    static final int DEFAULT_BASE = 7400;
    static final int MAX_BASE = 65_400;
    private static final int HTTP = 80;
    private static final int ZOOKEEPER = 90;
    private static final int NODE_STEP = 10;

    int grpc() {
        return base;
    }

    int http() {
        return plus(HTTP);
    }

    int zooKeeper() {
        return plus(ZOOKEEPER);
    }

    /** @param number of the node, from 1 */
    int node(int number) {
        return plus(NODE_STEP * number);
    }

    /** @param number of the node, from 1 */
    int nodePeers(int number) {
        return plus(NODE_STEP * number + 1);
    }

    /**
     * Says so, with the way out, when one of the ports is taken.
     *
     * @throws CommandFailure CONFLICT, naming the port
     */
    void check(int nodes) {
        if (base == 0) {
            return;
        }
        check(grpc(), "gRPC of the coordinator");
        check(http(), "HTTP of the coordinator");
        check(zooKeeper(), "ZooKeeper");
        for (int number = 1; number <= nodes; number++) {
            check(node(number), "gRPC of node-" + number);
            check(nodePeers(number), "peers of node-" + number);
        }
    }

    private void check(int port, String what) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.CONFLICT,
                    "port " + port + " (" + what + ") is in use; stop what listens there, or choose other ports with"
                            + " --port-base N (uses N to N+99; 0: any that are free)",
                    e);
        }
    }

    private int plus(int offset) {
        return base == 0 ? 0 : base + offset;
    }
}
