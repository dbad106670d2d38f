// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Runs seeds, and makes something readable of one that fails. */
final class Seeds {
    private static final int SHOWN_LINES = Integer.getInteger("sim.lines", 120);

    private Seeds() {}

    /** Runs one seed; empty: all invariants held. */
    static Optional<Throwable> run(long seed, Sim.Plan plan, Coverage coverage) {
        var sim = new Sim(seed, plan);
        try {
            sim.run();
            return Optional.empty();
        } catch (SimFailure | RuntimeException e) {
            return Optional.of(e);
        } finally {
            coverage.add(sim.coverage);
        }
    }

    /** What failed, by which faults at the least, how to repeat it, and what came before. */
    static String report(long seed, Sim.Plan plan, Throwable failure) {
        var fewest = shrink(seed, plan);
        var text = new StringBuilder();
        text.append("seed ").append(seed).append(": ").append(failure).append('\n');
        text.append("faults needed: ").append(fewest).append('\n');
        text.append(
                        "repeat with: mvn -pl storage-node -am test -Dtest=SimulatorTest -Dsurefire.failIfNoSpecifiedTests=false")
                .append(" -Dsim.seed=")
                .append(seed)
                .append('\n');
        var sim = new Sim(seed, plan.only(fewest).traced());
        try {
            sim.run();
        } catch (SimFailure | RuntimeException e) {
            text.append("with those alone: ").append(e).append('\n');
        }
        var lines = sim.traced();
        lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())
                .forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    /** Leaves out one kind of fault after the other, as long as the run still fails. */
    static Set<Fault> shrink(long seed, Sim.Plan plan) {
        var needed = EnumSet.copyOf(plan.faults());
        for (var fault : EnumSet.copyOf(needed)) {
            var fewer = EnumSet.copyOf(needed);
            fewer.remove(fault);
            if (run(seed, plan.only(fewer), new Coverage()).isPresent()) {
                needed = fewer;
            }
        }
        return needed;
    }
}
