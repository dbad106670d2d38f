// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * Many runs, each drawn from a seed. {@code -Dsim.seed=N} repeats one, {@code -Dsim.seeds=N} runs so many, {@code
 * -Dsim.first=N} begins elsewhere.
 */
final class SimulatorTest {
    private static final Logger LOG = Logger.getLogger(SimulatorTest.class.getName());
    private static final long MILLI = SimNet.MILLI;
    private static final int SEEDS = Integer.getInteger("sim.seeds", 1_000);
    private static final int LINES = Integer.getInteger("sim.lines", 120);
    private static final long FIRST = Long.getLong("sim.first", 1);

    @Test
    void noSeedLosesAnAcknowledgedRecordOrServesAStaleRead() {
        var one = Long.getLong("sim.seed");
        long first = one == null ? FIRST : one;
        long last = one == null ? FIRST + SEEDS - 1 : one;
        var coverage = new Coverage();
        long began = System.nanoTime();
        for (long seed = first; seed <= last; seed++) {
            var failure = Seeds.run(seed, Sim.Plan.ANYTHING, coverage);
            if (failure.isPresent()) {
                var found = Seeds.explain(seed, Seeds.shrink(seed, Sim.Plan.ANYTHING), failure.get(), LINES);
                fail(found.toString(), failure.get());
            }
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        LOG.info(() -> String.format(
                Locale.ROOT,
                "seeds %d to %d in %.1f s: %.1f seeds/s; what they went through: %s",
                first,
                last,
                seconds,
                (last - first + 1) / seconds,
                coverage.counts()));
        if (one == null && SEEDS >= 1_000) {
            assertCovered(coverage);
        }
    }

    /** Every fault struck, every state was reached, and reads of both kinds were served. */
    private static void assertCovered(Coverage coverage) {
        var names = coverage.counts().keySet();
        for (var fault : Fault.values()) {
            assertThat(names).contains("fault " + fault);
        }
        for (var state : ReplicaState.values()) {
            if (state != ReplicaState.BOOTING) {
                assertThat(names).as("states entered").anyMatch(name -> name.endsWith("-> " + state));
            }
        }
        assertThat(names)
                .contains("linearizable read", "bounded read", "replica failed", "log trimmed")
                .contains("retry recognised", "chunks fetched", "bit rot noticed at work")
                .contains("snapshot begun", "snapshot cut short", "snapshot declined", "snapshot installed");
    }

    @Test
    void aSeedRepeatsARunExactly() {
        for (long seed = 1; seed <= 3; seed++) {
            assertThat(trace(seed)).as("seed %d", seed).isEqualTo(trace(seed));
        }
    }

    private static List<String> trace(long seed) {
        var sim = new Sim(seed, Sim.Plan.ANYTHING.traced());
        sim.run();
        var all = new ArrayList<>(sim.traced());
        all.add(sim.describe());
        return all;
    }

    // ---- stories

    @Test
    void aPrimaryThatHearsNobodyGivesWayWithinSixSeconds() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var deaf = primary(sim);
            sim.nodes.stream().filter(node -> node != deaf).forEach(node -> sim.net.stall(node.index, deaf.index, 1));
            assertThat(longestPause(sim, 15_000 * MILLI)).as("seed %d", seed).isLessThan(6_000 * MILLI);
            assertThat(primary(sim)).as("seed %d", seed).isNotSameAs(deaf);
        }
    }

    @Test
    void aPrimaryThatNobodyHearsGivesWayWithinSixSeconds() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var mute = primary(sim);
            sim.nodes.stream().filter(node -> node != mute).forEach(node -> sim.net.stall(mute.index, node.index, 1));
            assertThat(longestPause(sim, 15_000 * MILLI)).as("seed %d", seed).isLessThan(6_000 * MILLI);
            assertThat(primary(sim)).as("seed %d", seed).isNotSameAs(mute);
        }
    }

    @Test
    void aBackupThatHearsOrIsHeardNoLongerPausesWritesForLessThanTwoSeconds() {
        for (long seed = 1; seed <= 20; seed++) {
            for (boolean hears : new boolean[] {false, true}) {
                var sim = settled(seed, 3, 2);
                var primary = primary(sim);
                var backup = sim.nodes.get((primary.index + 1) % 3);
                var from = hears ? backup : primary;
                var to = hears ? primary : backup;
                sim.net.stall(from.index, to.index, 1);
                assertThat(longestPause(sim, 15_000 * MILLI))
                        .as("seed %d", seed)
                        .isLessThan(2_000 * MILLI);
                sim.net.stall(from.index, to.index, -1);
                sim.advance(sim.queue.now() + 10_000 * MILLI);
                assertThat(sim.isWhole()).as("seed %d, in sync again", seed).isTrue();
            }
        }
    }

    /** Alone, it could still prove nothing; heard again, it goes on where it was. */
    @Test
    void aDeafPrimaryThatNobodyReplacesLeadsOnOnceItHears() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 2, 2);
            var deaf = primary(sim);
            sim.net.stall(1 - deaf.index, deaf.index, 1);
            sim.advance(sim.queue.now() + 8_000 * MILLI);
            sim.net.stall(1 - deaf.index, deaf.index, -1);
            sim.advance(sim.queue.now() + 8_000 * MILLI);
            assertThat(sim.isWhole()).as("seed %d: %s", seed, sim.describe()).isTrue();
        }
    }

    @Test
    void aPrimaryWhoseDiskIsFullHandsOverToAMemberWithRoom() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var full = primary(sim);
            var fullToo = sim.nodes.get((full.index + 1) % 3);
            fullToo.deliver(fullToo.life(), new ReplicaEvent.RoomSeen(true));
            sim.advance(sim.queue.now() + 1_000 * MILLI);
            full.deliver(full.life(), new ReplicaEvent.RoomSeen(true));
            assertThat(longestPause(sim, 5_000 * MILLI)).as("seed %d", seed).isLessThan(300 * MILLI);
            assertThat(primary(sim)).as("seed %d", seed).isNotIn(full, fullToo);
        }
    }

    @Test
    void aPrimaryLeadsOnWhereEveryDiskIsFull() {
        var sim = settled(3, 3, 2);
        var primary = primary(sim);
        sim.nodes.forEach(node -> node.deliver(node.life(), new ReplicaEvent.RoomSeen(true)));
        sim.advance(sim.queue.now() + 10_000 * MILLI);
        assertThat(primary(sim)).isSameAs(primary);
        assertThat(primary.permit().isValid(primary.now())).as("reads").isTrue();
    }

    @Test
    void aDeadPrimaryIsReplacedWithinFourSecondsAndNothingIsLost() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var primary = primary(sim);
            primary.crash();
            long died = sim.queue.now();
            int acknowledged = sim.checker.acknowledged();
            while (sim.checker.acknowledged() == acknowledged) {
                sim.advance(sim.queue.now() + 10 * MILLI);
                assertThat(sim.queue.now() - died).as("seed %d", seed).isLessThan(4_000 * MILLI);
            }
        }
    }

    @Test
    void writesPauseForLessThanTwoSecondsWhenABackupDies() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var backup = sim.nodes.stream()
                    .filter(node -> node.index < 3 && node.state() == ReplicaState.FOLLOWER)
                    .findFirst()
                    .orElseThrow();
            backup.crash();
            assertThat(longestPause(sim, 10_000 * MILLI)).as("seed %d", seed).isLessThan(2_000 * MILLI);
        }
    }

    @Test
    void aTransferPausesWritesForLessThan300Millis() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var old = primary(sim);
            var target = sim.nodes.get((old.index + 1) % 3);
            old.deliver(old.life(), new ReplicaEvent.TransferAsked(sim.nextTicket(), target.id));
            assertThat(longestPause(sim, 5_000 * MILLI)).as("seed %d", seed).isLessThan(300 * MILLI);
            assertThat(primary(sim)).as("seed %d", seed).isSameAs(target);
        }
    }

    @Test
    void aTransferOfWhichNobodyIsToldButByZooKeeperIsJustAsQuick() {
        for (long seed = 1; seed <= 20; seed++) {
            var sim = settled(seed, 3, 2);
            var old = primary(sim);
            var target = sim.nodes.get((old.index + 1) % 3);
            sim.net.loseHandovers();
            old.deliver(old.life(), new ReplicaEvent.TransferAsked(sim.nextTicket(), target.id));
            assertThat(longestPause(sim, 5_000 * MILLI)).as("seed %d", seed).isLessThan(300 * MILLI);
            assertThat(primary(sim)).as("seed %d", seed).isSameAs(target);
        }
    }

    @Test
    void aNodeThatStopsIsMissedByNobody() {
        for (long seed = 1; seed <= 20; seed++) {
            for (int which = 0; which < 3; which++) {
                var sim = settled(seed, 3, 2);
                var stopping = sim.nodes.get(which);
                long began = sim.queue.now();
                stopping.deliver(stopping.life(), new ReplicaEvent.LeaveAsked());
                while (sim.zk.current().config().inSyncOn(stopping.id).isPresent()
                        || sim.zk.current().config().isPrimary(stopping.id)) {
                    writeFor(sim, 5 * MILLI);
                    assertThat(sim.queue.now() - began).as("seed %d", seed).isLessThan(2_000 * MILLI);
                }
                stopping.crash();
                writeFor(sim, 4_000 * MILLI);
                assertThat(sim.checker.longestSilence(began))
                        .as("seed %d, node %s", seed, stopping.id)
                        .isLessThan(300 * MILLI);
                stopping.boot();
                writeFor(sim, 5_000 * MILLI);
                assertThat(sim.zk.current().config().inSyncOn(stopping.id))
                        .as("seed %d: back in sync", seed)
                        .isPresent();
            }
        }
    }

    @Test
    void zooKeeperDownForAnHourStopsNothing() {
        var sim = settled(7, 3, 2);
        var primary = primary(sim);
        sim.zk.outage(1);
        long began = sim.queue.now();
        sim.advance(began + 3_600_000 * MILLI);
        assertThat(sim.checker.longestSilence(began)).isLessThan(400 * MILLI);
        assertThat(primary(sim)).isSameAs(primary);
        assertThat(primary.permit().isValid(primary.now())).isTrue();
    }

    @Test
    void aMemberMuchSlowerThanTheRestIsTakenOutAfterTenSecondsAndReturnsOnceItKeepsUp() {
        var sim = settled(11, 3, 2);
        var slow = sim.nodes.get((primary(sim).index + 1) % 3);
        slow.diskDelay(200 * MILLI);
        long began = sim.queue.now();
        while (sim.zk.current().config().inSyncOn(slow.id).isPresent()) {
            writeFor(sim, 100 * MILLI);
            assertThat(sim.queue.now() - began).isLessThan(20_000 * MILLI);
        }
        assertThat(sim.queue.now() - began).isGreaterThan(10_000 * MILLI);
        writeFor(sim, 15_000 * MILLI);
        assertThat(sim.zk.current().config().inSyncOn(slow.id))
                .as("slow still, though it has everything")
                .isEmpty();

        slow.diskDelay(0);
        long mended = sim.queue.now();
        while (sim.zk.current().config().inSyncOn(slow.id).isEmpty()) {
            writeFor(sim, 100 * MILLI);
            assertThat(sim.queue.now() - mended).isLessThan(20_000 * MILLI);
        }
        assertThat(sim.queue.now() - mended).isGreaterThan(9_000 * MILLI);
    }

    @Test
    void aSlowMemberStaysWhereItIsNeeded() {
        var sim = settled(12, 3, 3);
        var slow = sim.nodes.get((primary(sim).index + 1) % 3);
        slow.diskDelay(200 * MILLI);
        writeFor(sim, 30_000 * MILLI);
        assertThat(sim.zk.current().config().inSyncOn(slow.id)).isPresent();
    }

    private static void writeFor(Sim sim, long during) {
        long end = sim.queue.now() + during;
        while (sim.queue.now() < end) {
            sim.nodes.stream()
                    .filter(node -> node.state() == ReplicaState.PRIMARY)
                    .forEach(node -> sim.clients.propose(node, 1));
            sim.advance(sim.queue.now() + 10 * MILLI);
        }
    }

    /** The longest time without an acknowledgement while somebody writes every 5 ms. */
    private static long longestPause(Sim sim, long during) {
        long began = sim.queue.now();
        while (sim.queue.now() < began + during) {
            sim.nodes.stream()
                    .filter(node -> node.state() == ReplicaState.PRIMARY)
                    .forEach(node -> sim.clients.propose(node, 1));
            sim.advance(sim.queue.now() + 5 * MILLI);
        }
        return sim.checker.longestSilence(began);
    }

    /** A shard of so many replicas that has come up and takes writes. */
    static Sim settled(long seed, int voters, int minimum) {
        var sim = new Sim(seed, Sim.Plan.ANYTHING.shaped(voters, minimum).patient());
        sim.start();
        settle(sim);
        return sim;
    }

    static void settle(Sim sim) {
        while (!sim.isWhole()) {
            assertThat(sim.queue.now()).as("virtual time\n%s", sim.describe()).isLessThan(120_000 * MILLI);
            sim.advance(sim.queue.now() + 50 * MILLI);
        }
        sim.advance(sim.queue.now() + 500 * MILLI);
    }

    static SimNode primary(Sim sim) {
        return sim.nodes.stream()
                .filter(node -> node.state() == ReplicaState.PRIMARY)
                .findFirst()
                .orElseThrow(() -> new AssertionError("nobody leads: " + sim.describe()));
    }
}
