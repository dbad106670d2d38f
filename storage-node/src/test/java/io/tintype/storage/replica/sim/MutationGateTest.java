// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.RuleSwitch;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every rule of the core is needed, and the simulator would notice if it were broken: with the rule switched off, one
 * of the seeds fails; with it on, the same seeds pass.
 */
final class MutationGateTest {
    private static final Logger LOG = Logger.getLogger(MutationGateTest.class.getName());
    private static final long MILLI = SimNet.MILLI;

    /** Seeds in which a broken rule must show. */
    private static final int SEEDS = 400;

    /** Rules whose absence shows in a story of its own, below. */
    private static final Set<String> TOLD_BELOW = Set.of(
            "REMOVED_STAY_ELECTABLE",
            "CANDIDATES_ASK_FIRST",
            "EXPAND_NEEDS_LOG_END_AT_ELECTION",
            "ELECTABLE_GRANT_LEASES",
            "PENDING_GRANT_LEASES",
            "LEASE_COUNTS_FROM_SENDING",
            "OLD_PRIMARY_STOPS_FIRST");

    /** These keep the peace or save work only; many runs are without. */
    private static final Set<String> NOT_FOR_SAFETY = Set.of("PATIENCE", "TRIM_IN_STEPS");

    /** Where faults of all kinds show a rule too seldom: those that its interleaving needs. */
    private static final Map<String, Sim.Plan> PLANS = Map.of(
            "LOST_ANSWERS_ARE_SETTLED",
            Sim.Plan.ANYTHING.shaped(3, 1).focusedOn(Fault.ZK_LOST_ANSWERS, Fault.SLOW_DISK, Fault.CUT_PAIR),
            "INCARNATION_IN_ACKNOWLEDGEMENTS",
            Sim.Plan.ANYTHING.shaped(3, 2).focusedOn(Fault.WIPE, Fault.STALL, Fault.REORDER),
            "SNAPSHOT_MUST_BE_AHEAD",
            Sim.Plan.ANYTHING.shaped(3, 1).focusedOn(Fault.TRIM, Fault.ISOLATE, Fault.REASSIGN));

    static Stream<String> rules() {
        return Stream.of(
                        RuleSwitch.names().stream(),
                        Stream.of(Sim.TWO_LOOKS, Ledger.ONCE, Ledger.NOT_TOO_LATE, SimChunks.FIRST, Clients.APPLIED),
                        SimInstall.RULES.stream())
                .flatMap(rules -> rules)
                .filter(rule -> !TOLD_BELOW.contains(rule) && !NOT_FOR_SAFETY.contains(rule));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aRunShowsThatTheRuleIsNeeded(String rule) {
        var plan = PLANS.getOrDefault(rule, Sim.Plan.ANYTHING);
        for (long seed = 1; seed <= SEEDS; seed++) {
            if (Seeds.run(seed, plan.without(rule), new Coverage())
                    .filter(SimFailure.class::isInstance)
                    .isPresent()) {
                assertThat(Seeds.run(seed, plan, new Coverage()))
                        .as("seed %d with all rules", seed)
                        .isEmpty();
                long noticed = seed;
                LOG.info(() -> rule + " off: noticed by seed " + noticed);
                return;
            }
        }
        throw new AssertionError("no seed up to " + SEEDS + " notices that " + rule + " is off");
    }

    @Test
    void anIsolatedPrimaryThatDiesForGoodLeavesSomebodyElectable() {
        assertThat(isWholeAfterTheIsolatedPrimaryDied(Set.of())).isTrue();
        assertThat(isWholeAfterTheIsolatedPrimaryDied(Set.of("REMOVED_STAY_ELECTABLE")))
                .isFalse();
    }

    private static boolean isWholeAfterTheIsolatedPrimaryDied(Set<String> off) {
        var sim = settled(off, 3, 2);
        var primary = SimulatorTest.primary(sim);
        for (var node : sim.nodes) {
            sim.net.cut(primary.index, node.index, 1);
            sim.net.cut(node.index, primary.index, 1);
        }
        while (sim.zk.current().config().inSync().size() > 1) {
            sim.advance(sim.queue.now() + 10 * MILLI);
        }
        primary.wipe();
        for (var node : sim.nodes) {
            sim.net.cut(primary.index, node.index, -1);
            sim.net.cut(node.index, primary.index, -1);
        }
        primary.boot();
        sim.advance(sim.queue.now() + 30_000 * MILLI);
        return sim.isWhole();
    }

    @Test
    void twoReplicasThatCannotHearEachOtherDoNotDeposeEachOtherInTurn() {
        assertThat(electionsWhileCut(Set.of())).isLessThanOrEqualTo(1);
        assertThat(electionsWhileCut(Set.of("CANDIDATES_ASK_FIRST"))).isGreaterThan(5);
    }

    private static long electionsWhileCut(Set<String> off) {
        var sim = settled(off, 2, 2);
        long before = sim.zk.current().config().epoch();
        sim.net.cut(0, 1, 1);
        sim.net.cut(1, 0, 1);
        sim.advance(sim.queue.now() + 120_000 * MILLI);
        return sim.zk.current().config().epoch() - before;
    }

    @Test
    void heartbeatsThatWaitBehindImagesCostAPrimaryItsPlace() {
        assertThat(electionsBehindALongQueue(Set.of())).isZero();
        assertThat(electionsBehindALongQueue(Set.of(SimNode.OWN_CHANNEL))).isPositive();
    }

    /** For a while, everything on the log's channel is seven seconds late, and nobody is ill. */
    private static long electionsBehindALongQueue(Set<String> off) {
        var sim = settled(off, 3, 2);
        long before = sim.zk.current().config().epoch();
        sim.net.lag(0, 7_000 * MILLI);
        sim.advance(sim.queue.now() + 30_000 * MILLI);
        return sim.zk.current().config().epoch() - before;
    }

    @Test
    void nobodyJoinsBeforeHeHasWhatWasAcknowledgedBeforeTheElection() {
        assertThat(laggardMeetsNewPrimary(Set.of())).isEmpty();
        assertThat(laggardMeetsNewPrimary(Set.of("EXPAND_NEEDS_LOG_END_AT_ELECTION")))
                .isPresent();
    }

    /** A primary is elected whose commit mark lags, and hears a replica with a slow disk before it hears the others. */
    private static Optional<SimFailure> laggardMeetsNewPrimary(Set<String> off) {
        var sim = settled(off, 4, 2);
        var old = SimulatorTest.primary(sim);
        var laggard = sim.nodes.get((old.index + 1) % 4);
        laggard.crash();
        for (var node : sim.nodes) {
            sim.net.slow(old.index, node.index, 1_000 * MILLI);
        }
        while (sim.zk.current().config().inSyncOn(laggard.id).isPresent()) {
            sim.advance(sim.queue.now() + MILLI);
        }
        int acknowledged = sim.checker.acknowledged();
        while (sim.checker.acknowledged() == acknowledged) {
            sim.advance(sim.queue.now() + MILLI);
        }
        old.crash();
        laggard.boot();
        long epoch = sim.zk.current().config().epoch();
        while (sim.zk.current().config().epoch() == epoch) {
            sim.advance(sim.queue.now() + MILLI / 10);
        }
        for (var primary : sim.nodes) {
            for (var member : sim.nodes) {
                if (sim.zk.current().config().isPrimary(primary.id) && member != laggard) {
                    sim.net.cut(primary.index, member.index, 1);
                    sim.net.cut(member.index, primary.index, 1);
                }
            }
        }
        for (var node : sim.nodes) {
            sim.net.slow(node.index, laggard.index, 20 * MILLI);
        }
        while (laggard.disk.durable.promise == epoch) {
            sim.advance(sim.queue.now() + MILLI / 10);
        }
        laggard.diskDelay(3_000 * MILLI);
        try {
            sim.advance(sim.queue.now() + 2_000 * MILLI);
            return Optional.empty();
        } catch (SimFailure e) {
            return Optional.of(e);
        }
    }

    // ---- stories of leases: an old primary cut off from everything, and somebody else who takes writes meanwhile

    @Test
    void aPrimaryWithoutLeasesOfRemovedButElectableMembersServesNoReads() {
        assertThat(removedMemberIsElected(Set.of())).isEmpty();
        assertThat(removedMemberIsElected(Set.of("ELECTABLE_GRANT_LEASES"))).isPresent();
    }

    private static Optional<SimFailure> removedMemberIsElected(Set<String> off) {
        var sim = settled(off, 3, 2);
        var old = SimulatorTest.primary(sim);
        isolate(sim, old);
        while (sim.zk.current().config().inSync().size() > 1) {
            sim.advance(sim.queue.now() + 10 * MILLI);
        }
        sim.advance(sim.queue.now() + 100 * MILLI);
        sim.zk.cut(old, 1);
        return playOut(sim, old);
    }

    @Test
    void aPrimaryNeedsTheLeaseOfAMemberItIsAskingFor() {
        assertThat(LongStream.rangeClosed(1, 20).mapToObj(seed -> pendingMemberIsElected(seed, Set.of())))
                .allMatch(Optional::isEmpty);
        assertThat(LongStream.rangeClosed(1, 20)
                        .mapToObj(seed -> pendingMemberIsElected(seed, Set.of("PENDING_GRANT_LEASES"))))
                .as("whether anybody reads at the wrong moment is a matter of luck")
                .anyMatch(Optional::isPresent);
    }

    private static Optional<SimFailure> pendingMemberIsElected(long seed, Set<String> off) {
        var sim = settled(seed, off, 3, 1);
        var old = SimulatorTest.primary(sim);
        var joining = sim.nodes.get((old.index + 1) % 3);
        joining.crash();
        sim.advance(sim.queue.now() + 4_000 * MILLI);
        assertThat(sim.zk.current().config().inSync()).hasSize(2);
        joining.boot();
        while (sim.zk.underWay().isEmpty()) {
            sim.advance(sim.queue.now() + MILLI / 10);
        }
        int asked = sim.zk.current().version();
        while (sim.zk.current().version() == asked) {
            sim.advance(sim.queue.now() + MILLI / 10);
        }
        sim.zk.cut(old, 1);
        isolate(sim, joining);
        return playOut(sim, old);
    }

    @Test
    void aLeaseEndsBeforeTheGrantHoweverLongTheAnswerWasUnderWay() {
        assertThat(answersAreLate(Set.of())).isEmpty();
        assertThat(answersAreLate(Set.of("LEASE_COUNTS_FROM_SENDING"))).isPresent();
    }

    private static Optional<SimFailure> answersAreLate(Set<String> off) {
        var sim = settled(off, 2, 1);
        var old = SimulatorTest.primary(sim);
        var other = sim.nodes.get(1 - old.index);
        sim.net.slow(other.index, old.index, 5_000 * MILLI);
        sim.advance(sim.queue.now() + 1_000 * MILLI);
        sim.zk.cut(old, 1);
        sim.net.cut(old.index, other.index, 1);
        return playOut(sim, old);
    }

    /** A transfer lands, and from that moment on the old primary hears of nothing any more. */
    @Test
    void aPrimaryServesNothingFromBeforeItsSuccessorIsNamed() {
        assertThat(LongStream.rangeClosed(1, 20).mapToObj(seed -> oldPrimaryIsCutOff(seed, Set.of())))
                .allMatch(Optional::isEmpty);
        assertThat(LongStream.rangeClosed(1, 20)
                        .mapToObj(seed -> oldPrimaryIsCutOff(seed, Set.of("OLD_PRIMARY_STOPS_FIRST"))))
                .as("whether anybody reads while the lease of the old primary runs is a matter of luck")
                .anyMatch(Optional::isPresent);
    }

    private static Optional<SimFailure> oldPrimaryIsCutOff(long seed, Set<String> off) {
        var sim = settled(seed, off, 3, 2);
        var old = SimulatorTest.primary(sim);
        var successor = sim.nodes.get((old.index + 1) % 3);
        long epoch = sim.zk.current().config().epoch();
        old.deliver(old.life(), new ReplicaEvent.TransferAsked(sim.nextTicket(), successor.id));
        while (sim.zk.current().config().epoch() == epoch) {
            sim.advance(sim.queue.now() + MILLI / 10);
        }
        sim.zk.cut(old, 1);
        isolate(sim, old);
        return playOut(sim, old);
    }

    /** Goes on until somebody else has taken writes for a while. */
    private static Optional<SimFailure> playOut(Sim sim, SimNode old) {
        try {
            long end = sim.queue.now() + 15_000 * MILLI;
            sim.advance(end);
            assertThat(sim.zk.current().config().primary()).isNotEqualTo(old.id);
            return Optional.empty();
        } catch (SimFailure e) {
            return Optional.of(e);
        }
    }

    private static void isolate(Sim sim, SimNode node) {
        for (var other : sim.nodes) {
            sim.net.cut(node.index, other.index, 1);
            sim.net.cut(other.index, node.index, 1);
        }
    }

    private static Sim settled(Set<String> off, int voters, int minimum) {
        return settled(1, off, voters, minimum);
    }

    private static Sim settled(long seed, Set<String> off, int voters, int minimum) {
        var plan = Sim.Plan.ANYTHING.shaped(voters, minimum).patient();
        var sim =
                new Sim(seed, off.isEmpty() ? plan : plan.without(off.iterator().next()));
        sim.start();
        SimulatorTest.settle(sim);
        return sim;
    }
}
