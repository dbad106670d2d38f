// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/**
 * One connection, carried from the address where it was opened to the process it was meant for. Two threads carry the
 * bytes, one each way, over the wires of that pair.
 */
final class Relay {
    private static final int PIECE_BYTES = 64 << 10;
    private static final int CONNECT_MILLIS = 10_000;

    private final Socket near;
    private final InetSocketAddress goal;
    private final Wire there;
    private final Wire back;
    private final Socket far = new Socket();
    private final Consumer<Relay> ended;

    /**
     * A connection that was just accepted.
     *
     * @param goal where the process listens
     * @param there carries what the opener sends
     * @param back carries the answers
     * @param ended told when it is over, perhaps more than once
     */
    Relay(SocketChannel accepted, InetSocketAddress goal, Wire there, Wire back, Consumer<Relay> ended) {
        this.near = accepted.socket();
        this.goal = goal;
        this.there = there;
        this.back = back;
        this.ended = ended;
    }

    /** Carries it on the threads of a pool until either side ends it. */
    void start(ExecutorService threads, long seed) {
        threads.execute(() -> {
            if (connect()) {
                threads.execute(() -> carry(far, near, back, seed + 1));
                carry(near, far, there, seed);
            }
        });
    }

    private boolean connect() {
        try {
            there.awaitWhole();
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            far.connect(goal, CONNECT_MILLIS);
            back.awaitWhole();
            return true;
        } catch (IOException e) {
            // Refused there, so refused here.
            close();
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private void carry(Socket from, Socket to, Wire wire, long seed) {
        var random = new SplittableRandom(seed);
        var piece = new byte[PIECE_BYTES];
        try {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                wire.pass(random);
                out.write(piece, 0, n);
            }
            wire.awaitWhole();
        } catch (IOException e) {
            // One side is gone; the other is told by the end of its connection.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    /** Ends both sides. */
    void close() {
        try (near;
                far) {
            // A reset where bytes are lost, as when a process dies.
            near.setSoLinger(true, 0);
        } catch (IOException e) {
            // Already gone.
        }
        ended.accept(this);
    }
}
