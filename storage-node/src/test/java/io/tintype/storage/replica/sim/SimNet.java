// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.random.RandomGenerator;

/**
 * The network between the nodes. Datagrams may be lost, doubled, late and out of order; streams are in order, and
 * break where something would have been lost.
 */
final class SimNet {
    static final long MILLI = 1_000_000;

    private final EventQueue queue;
    private final RandomGenerator random;
    private final int[][] cuts;
    private final long[][] slow;
    private double loss;
    private long extraDelay;

    SimNet(EventQueue queue, RandomGenerator random, int nodes) {
        this.queue = queue;
        this.random = random;
        this.cuts = new int[nodes][nodes];
        this.slow = new long[nodes][nodes];
    }

    /** Cuts, or with -1 mends, one direction; cuts add up. */
    void cut(int from, int to, int by) {
        cuts[from][to] += by;
    }

    boolean isCut(int from, int to) {
        return cuts[from][to] > 0;
    }

    /** Makes everything take so much longer in one direction. */
    void slow(int from, int to, long nanos) {
        slow[from][to] = nanos;
    }

    /** Makes the whole network lose, double and delay messages. */
    void flaky(double lossRate, long delay) {
        loss = lossRate;
        extraDelay = delay;
    }

    void datagram(int from, int to, Runnable arrives) {
        int copies = random.nextDouble() < loss / 2 ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            if (!isCut(from, to) && random.nextDouble() >= loss) {
                queue.after(delay(from, to), arrives);
            }
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
            if (isCut(from, to) || random.nextDouble() < loss / 4) {
                snap();
                return;
            }
            lastArrival = Math.max(queue.now() + delay(from, to), lastArrival + 1);
            queue.after(lastArrival - queue.now(), () -> {
                if (open && isCut(from, to)) {
                    snap();
                } else if (open) {
                    arrives.run();
                }
            });
        }

        private void snap() {
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
