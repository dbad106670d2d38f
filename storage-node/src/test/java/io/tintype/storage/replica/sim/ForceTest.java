// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.replica.ReplicaEvent;
import java.util.Set;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * Runs in which everybody electable is lost, and an operator makes a replica lead that lacks acknowledged records. What is
 * lost by that is counted and declared; everything else must hold afterwards as before, whatever the others come back with.
 */
final class ForceTest {
    private static final Logger LOG = Logger.getLogger(ForceTest.class.getName());
    private static final long MILLI = SimNet.MILLI;
    private static final int SEEDS = Integer.getInteger("sim.force.seeds", 150);
    private static final long PATIENCE = 90_000 * MILLI;

    @Test
    void afterALossThatWasDeclaredEverythingElseHolds() {
        int lost = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                lost += run(seed, Set.of());
            } catch (SimFailure e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        int all = lost;
        assertThat(all).as("records lost in all runs; else none shows anything").isGreaterThan(SEEDS);
        LOG.info(() -> SEEDS + " shards taken by force lost " + all + " acknowledged records, and nothing else");
    }

    @Test
    void withoutTheJumpAVersionThatWasLostIsGivenOutAgain() {
        boolean noticed = false;
        for (long seed = 1; seed <= SEEDS && !noticed; seed++) {
            try {
                run(seed, Set.of(Ledger.JUMP));
            } catch (SimFailure e) {
                assertThat(e).hasMessageContaining("is given out at");
                noticed = true;
                long by = seed;
                LOG.info(() -> Ledger.JUMP + " off: noticed by seed " + by);
            }
        }
        assertThat(noticed).isTrue();
    }

    /**
     * Two losses: the second primary comes back with a trimmed log and what the first loss gave up, and the only other replica
     * with an epoch that began in between, of which it applied nothing. Neither may wait for the other.
     */
    @Test
    void aTailOfALineageThatWasGivenUpKeepsNobodyOut() {
        int forked = 0;
        for (long seed = 1; seed <= SEEDS / 5; seed++) {
            try {
                forked += takenTwice(seed) ? 1 : 0;
            } catch (SimFailure e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(forked).as("runs in which it came to that").isPositive();
    }

    /** Whether the logs parted as they should have; false where the machines had other plans. */
    private static boolean takenTwice(long seed) {
        var sim = new Sim(seed, Sim.Plan.ANYTHING.shaped(4, 2).withCallers(0).patient());
        sim.start();
        SimulatorTest.settle(sim);
        var primary = SimulatorTest.primary(sim);
        var others =
                sim.nodes.subList(0, 4).stream().filter(node -> node != primary).toList();
        var first = others.get(0);
        var second = others.get(1);

        // Both miss what the primary and the last one acknowledge, apply and trim from now on.
        first.crash();
        second.crash();
        sim.advance(sim.queue.now() + 10_000 * MILLI);
        primary.deliver(primary.life(), new ReplicaEvent.LogAged(primary.disk.applied));
        sim.advance(sim.queue.now() + 2_000 * MILLI);
        long trimmed = primary.disk.seen.firstSeq;
        sim.nodes.forEach(SimNode::crash);
        if (trimmed <= first.disk.seen.log.size() + 1) {
            return false;
        }

        // Taken by force, the first one leads the second, until that has the new epoch and knows of no commit in it.
        first.boot();
        sim.advance(sim.queue.now() + 3_000 * MILLI);
        force(sim, first);
        long parting = second.disk.durable.log.size();
        second.boot();
        long began = sim.queue.now();
        while (second.disk.durable.log.size() <= parting && sim.queue.now() - began < 30_000 * MILLI) {
            sim.advance(sim.queue.now() + 100_000);
        }
        sim.nodes.forEach(SimNode::crash);
        if (second.disk.durable.log.size() <= parting || second.disk.applied > parting) {
            return false;
        }
        first.wipe();

        primary.boot();
        sim.advance(sim.queue.now() + 3_000 * MILLI);
        force(sim, primary);
        second.boot();
        long forced = sim.queue.now();
        while (sim.zk.current().config().inSyncOn(second.id).isEmpty()) {
            if (sim.queue.now() - forced > PATIENCE) {
                throw new SimFailure("nobody joins after a second loss: " + sim.describe());
            }
            sim.advance(sim.queue.now() + 500 * MILLI);
        }
        return true;
    }

    /** The acknowledged records that were lost. */
    private static int run(long seed, Set<String> off) {
        var plan = Sim.Plan.ANYTHING.shaped(3, 2).withCallers(3).patient();
        var sim =
                new Sim(seed, off.isEmpty() ? plan : plan.without(off.iterator().next()));
        sim.start();
        SimulatorTest.settle(sim);
        var primary = SimulatorTest.primary(sim);
        var survivor = sim.nodes.get((primary.index + 1 + (int) (seed % 2)) % 3);

        // It misses what the others acknowledge from now on.
        survivor.crash();
        sim.advance(sim.queue.now() + 5_000 * MILLI + sim.random.nextLong(3_000 * MILLI));
        finish(sim);
        for (var node : sim.nodes) {
            node.crash();
            if (node != survivor && sim.random.nextBoolean()) {
                node.wipe();
            }
        }
        survivor.boot();
        sim.advance(sim.queue.now() + 3_000 * MILLI);
        int lost = force(sim, survivor);

        sim.callers.beginAnew(1);
        for (var node : sim.nodes) {
            sim.queue.after(sim.random.nextLong(4_000 * MILLI) + 1, node::boot);
            if (sim.random.nextInt(3) == 0) {
                sim.queue.after(sim.random.nextLong(4_000 * MILLI) + 4_000 * MILLI, () -> {
                    node.crash();
                    sim.queue.after(500 * MILLI, node::boot);
                });
            }
        }
        sim.advance(sim.queue.now() + 10_000 * MILLI);
        untilWhole(sim);
        finish(sim);
        assertThat(sim.zk.current().config().losses()).isEqualTo(1);
        return lost;
    }

    private static int force(Sim sim, SimNode survivor) {
        int version = sim.zk.current().version();
        assertThat(sim.zk.current().config().inSyncOn(survivor.id)).isEmpty();
        survivor.deliver(survivor.life(), new ReplicaEvent.ForceAsked(sim.nextTicket()));
        long asked = sim.queue.now();
        while (sim.zk.current().version() == version) {
            assertThat(sim.queue.now() - asked).as("the order is carried out").isLessThan(10_000 * MILLI);
            sim.advance(sim.queue.now() + MILLI);
        }
        assertThat(sim.zk.current().config().primary()).isEqualTo(survivor.id);
        return sim.checker.lost();
    }

    private static void untilWhole(Sim sim) {
        long began = sim.queue.now();
        int acknowledged = sim.checker.acknowledged();
        while (!sim.isWhole() || sim.checker.acknowledged() == acknowledged) {
            if (sim.queue.now() - began > PATIENCE) {
                throw new SimFailure("not whole after a loss: " + sim.describe());
            }
            sim.advance(sim.queue.now() + 500 * MILLI);
        }
    }

    /** Callers end what they are at, and what they saw is looked into. */
    private static void finish(Sim sim) {
        sim.callers.stop();
        long began = sim.queue.now();
        while (!sim.callers.areDone()) {
            if (sim.queue.now() - began > PATIENCE) {
                throw new SimFailure("callers get no answer: " + sim.describe());
            }
            sim.advance(sim.queue.now() + 100 * MILLI);
        }
        sim.callers.check();
    }
}
