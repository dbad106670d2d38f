// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.ArrayDeque;
import java.util.random.RandomGenerator;

/**
 * The network between the nodes. Datagrams may be lost, doubled, late and out of order; streams are in order, and
 * break where something would have been lost.
 */
final class SimNet {
    static final long MILLI = 1_000_000;

    /** How often a stalled stream tries to go on. */
    private static final long STALL_LOOK = 100 * MILLI;

    private final EventQueue queue;
    private final RandomGenerator random;
    private final Coverage coverage;
    private final int[][] cuts;
    private final long[][] slow;
    private final int[][] stalls;
    private double loss;
    private double doubling;
    private long extraDelay;
    private long datagramsLag;
    private long streamsLag;
    private boolean handoversLost;

    SimNet(EventQueue queue, RandomGenerator random, Coverage coverage, int nodes) {
        this.queue = queue;
        this.coverage = coverage;
        this.random = random;
        this.cuts = new int[nodes][nodes];
        this.slow = new long[nodes][nodes];
        this.stalls = new int[nodes][nodes];
    }

    /** Cuts, or with -1 mends, one direction; cuts add up. */
    void cut(int from, int to, int by) {
        cuts[from][to] += by;
    }

    boolean isCut(int from, int to) {
        return cuts[from][to] > 0;
    }

    /** Stalls, or with -1 mends, one direction; nothing breaks of it, and what streams carry arrives afterwards. */
    void stall(int from, int to, int by) {
        stalls[from][to] += by;
    }

    /** Makes everything take so much longer in one direction. */
    void slow(int from, int to, long nanos) {
        slow[from][to] = nanos;
    }

    /** Loses every word to a successor, from now on. */
    void loseHandovers() {
        handoversLost = true;
    }

    boolean takesHandovers() {
        return !handoversLost;
    }

    /** Makes the whole network double single messages. */
    void doubling(double rate) {
        doubling = rate;
    }

    /** Makes one channel slower than the other, so that what was sent later on the other one overtakes. */
    void lag(long datagrams, long streams) {
        datagramsLag = datagrams;
        streamsLag = streams;
    }

    /** Makes the whole network lose and delay messages. */
    void flaky(double lossRate, long delay) {
        loss = lossRate;
        extraDelay = delay;
    }

    void datagram(int from, int to, Runnable arrives) {
        int copies = random.nextDouble() < doubling ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            if (isCut(from, to) || stalls[from][to] > 0 || random.nextDouble() < loss) {
                coverage.count("datagram lost");
            } else {
                long lag = datagramsLag == 0 ? 0 : random.nextLong(datagramsLag);
                queue.after(delay(from, to) + lag, arrives);
            }
        }
        if (copies > 1) {
            coverage.count("datagram doubled");
        }
    }

    /** As a datagram that waits behind what streams carry. */
    void behindStreams(int from, int to, Runnable arrives) {
        if (!isCut(from, to)) {
            queue.after(delay(from, to) + streamsLag, arrives);
        }
    }

    private long delay(int from, int to) {
        long extra = extraDelay == 0 || random.nextInt(4) != 0 ? 0 : random.nextLong(extraDelay);
        return random.nextLong(MILLI / 10, 2 * MILLI) + extra + slow[from][to];
    }

    /** One direction of a stream. */
    final class Lane {
        private final int from;
        private final int to;
        private final Runnable broken;
        private long lastArrival;
        private final ArrayDeque<Runnable> stalled = new ArrayDeque<>();
        private boolean open = true;

        Lane(int from, int to, Runnable broken) {
            this.from = from;
            this.to = to;
            this.broken = broken;
        }

        void send(Runnable arrives) {
            if (!open) {
                return;
            }
            if (stalls[from][to] == 0 && stalled.isEmpty()) {
                carry(arrives);
                return;
            }
            if (stalled.isEmpty()) {
                coverage.count("stream stalled");
                queue.after(STALL_LOOK, this::goOn);
            }
            stalled.add(arrives);
        }

        /** What a stall held up goes on in order. */
        private void goOn() {
            if (stalls[from][to] > 0) {
                queue.after(STALL_LOOK, this::goOn);
                return;
            }
            while (open && !stalled.isEmpty()) {
                carry(stalled.remove());
            }
            stalled.clear();
        }

        private void carry(Runnable arrives) {
            if (isCut(from, to) || random.nextDouble() < loss / 4) {
                snap();
                return;
            }
            lastArrival = Math.max(queue.now() + delay(from, to) + streamsLag, lastArrival + 1);
            queue.after(lastArrival - queue.now(), () -> {
                if (open && isCut(from, to)) {
                    snap();
                } else if (open) {
                    arrives.run();
                }
            });
        }

        private void snap() {
            coverage.count("stream broken");
            open = false;
            broken.run();
        }

        void close() {
            open = false;
        }
    }

    /** How long it takes to notice that the other side is gone. */
    long detection() {
        return random.nextLong(20 * MILLI, 1_500 * MILLI);
    }

    void later(long nanos, Runnable what) {
        queue.after(nanos, what);
    }
}
