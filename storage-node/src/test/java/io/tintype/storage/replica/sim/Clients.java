// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.ReadPermit;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaState;
import java.util.ArrayList;
import java.util.List;

/** Writes and reads all the time, at whoever thinks that it may serve. */
final class Clients {
    private static final long MILLI = SimNet.MILLI;

    /** Readers see what is applied, not what is only in the log and perhaps not synced anywhere. */
    static final String APPLIED = "READS_SHOW_WHAT_IS_APPLIED";

    private final Sim sim;
    private final long writeGap;
    private final boolean twoLooks;
    private long values;

    /** @param twoLooks does not look whether the replica served when the value was read: wrong, and to be noticed */
    Clients(Sim sim, boolean twoLooks) {
        this.sim = sim;
        this.twoLooks = twoLooks;
        this.writeGap = sim.random.nextLong(20 * MILLI, 300 * MILLI);
    }

    void start() {
        write();
        read();
    }

    private void write() {
        for (var node : sim.nodes) {
            if (node.state() == ReplicaState.PRIMARY) {
                propose(node, sim.random.nextInt(1, 4));
            }
        }
        sim.queue.after(sim.random.nextLong(writeGap) + 1, this::write);
    }

    /** Asks a node to take so many new records. */
    void propose(SimNode node, int count) {
        List<Long> batch = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batch.add(nextValue());
        }
        SimChunks.stage(sim, node, batch);
        node.deliver(node.life(), new ReplicaEvent.Propose(batch));
    }

    /** A name that no proposal had before. */
    long nextValue() {
        return ++values;
    }

    private void read() {
        for (var node : sim.nodes) {
            if (node.isUp() && !node.isPaused()) {
                if (node.state() == ReplicaState.PRIMARY) {
                    readCurrent(node);
                } else {
                    readBounded(node);
                }
            }
        }
        sim.queue.after(sim.random.nextLong(60 * MILLI), this::read);
    }

    private void readCurrent(SimNode node) {
        long acknowledged = sim.checker.acknowledgedSeq();
        var before = node.permit();
        long shown = sim.keeps(APPLIED) ? node.disk.applied : node.disk.seen.log.size();
        finishRead(
                node,
                () -> {
                    if (isCurrent(node, before)) {
                        sim.coverage.count("linearizable read");
                        sim.checker.read(node, acknowledged, shown);
                    }
                },
                () -> {});
    }

    /** Whether what was read after {@code before} was published is proven to be current now. */
    boolean isCurrent(SimNode node, ReadPermit before) {
        if (twoLooks) {
            return node.permit().isValid(node.now());
        }
        boolean askZooKeeper = sim.random.nextInt(4) == 0;
        return askZooKeeper
                ? before.isConfirmedBy(sim.zk.current().config(), node.id)
                : node.permit().covers(before, node.now());
    }

    /** The rest of a read, when the process pleases, but not while it is paused; something else where it dies. */
    void finishRead(SimNode node, Runnable rest, Runnable died) {
        finishRead(node, node.life(), rest, died);
    }

    private void finishRead(SimNode node, int life, Runnable rest, Runnable died) {
        sim.queue.after(sim.random.nextLong(3 * MILLI), () -> {
            if (!node.isLife(life)) {
                died.run();
            } else if (node.isPaused()) {
                finishRead(node, life, rest, died);
            } else {
                rest.run();
            }
        });
    }

    private void readBounded(SimNode node) {
        var core = node.core();
        if (core != null) {
            var now = node.now();
            core.stalenessNanos(now).ifPresent(age -> {
                long asOf = node.virtualTimeOf(now.nanos() - age);
                if (asOf >= 0) {
                    sim.coverage.count("bounded read");
                    sim.checker.boundedRead(node, asOf, node.disk.applied);
                }
            });
        }
    }
}
