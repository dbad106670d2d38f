// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * TCP ports for servers that are started again where they were. They are not of those that a system gives out by itself, from 32,768 on
 * Linux: while such a server is down, another process that asks for any free port would be given that one now and then.
 */
public final class Ports {
    private static final int FIRST = 10_000;
    private static final int BEYOND = 32_000;
    private static final int TRIES = 100;

    private Ports() {}

    /** One on which nobody listens now, and that nobody is given who asks for any. From any thread. */
    public static int free() {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, BEYOND);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException("none of " + TRIES + " ports between " + FIRST + " and " + BEYOND
                + " was free on the loopback interface");
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
