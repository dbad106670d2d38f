// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.replica.RuleSwitch;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every rule of the core is needed, and the simulator would notice if it were broken: with the rule switched off, one
 * of the seeds fails; with it on, the same seeds pass.
 */
final class MutationGateTest {
    private static final long MILLI = SimNet.MILLI;

    /** Seeds in which a broken rule must show. */
    private static final int SEEDS = 400;

    /** Rules whose absence shows in a liveness story of its own, below. */
    private static final Set<String> TOLD_BELOW = Set.of("REMOVED_STAY_ELECTABLE", "CANDIDATES_ASK_FIRST");

    /** Keeps the peace only; half of all runs are without. */
    private static final Set<String> NOT_FOR_SAFETY = Set.of("PATIENCE");

    /** Where faults of all kinds show a rule too seldom: those that its interleaving needs. */
    private static final Map<String, Sim.Plan> PLANS = new TreeMap<>();

    static Stream<String> rules() {
        return Stream.concat(RuleSwitch.names().stream(), Stream.of(Sim.TWO_LOOKS))
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

    private static Sim settled(Set<String> off, int voters, int minimum) {
        var plan = Sim.Plan.ANYTHING.shaped(voters, minimum).patient();
        var sim = new Sim(1, off.isEmpty() ? plan : plan.without(off.iterator().next()));
        sim.start();
        SimulatorTest.settle(sim);
        return sim;
    }
}
