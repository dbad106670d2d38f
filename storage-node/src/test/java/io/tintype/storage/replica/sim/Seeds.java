// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Runs seeds, and makes something readable of one that fails. */
final class Seeds {
    /** Runs that shrinking may take. */
    private static final int SHRINKING_RUNS = 400;

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

    /**
     * A failure, cut down.
     *
     * @param seed of which seed
     * @param plan what still fails: with as few strikes, machines and callers as could be found
     * @param first what failed with everything
     * @param left what fails with what is left
     * @param schedule the strikes that are left, in words
     * @param lines the last things that happened
     */
    record Found(long seed, Sim.Plan plan, Throwable first, Throwable left, List<String> schedule, List<String> lines) {
        /** The one command that repeats it. */
        String command() {
            var command = new StringBuilder("bin/tintype simulate --seed ").append(seed);
            if (plan.spares() >= 0) {
                command.append(" --spares ").append(plan.spares());
            }
            if (plan.callers() >= 0) {
                command.append(" --callers ").append(plan.callers());
            }
            var strikes = plan.strikes();
            if (strikes != null) {
                command.append(" --strikes ")
                        .append(
                                strikes.isEmpty()
                                        ? "none"
                                        : strikes.stream().map(String::valueOf).collect(Collectors.joining(",")));
            }
            return command.toString();
        }

        @Override
        public String toString() {
            return "seed " + seed + ": " + first + "\nrepeat with: " + command() + "\nwhat is left of it: " + left
                    + "\nstrikes needed: " + schedule.size()
                    + schedule.stream().map(line -> "\n  " + line).collect(Collectors.joining())
                    + "\nwhat happened last:"
                    + lines.stream().map(line -> "\n  " + line).collect(Collectors.joining());
        }
    }

    /**
     * Repeats a run with its last lines kept.
     *
     * @param fewest what still fails
     * @param failure what failed before it was cut down
     */
    static Found explain(long seed, Sim.Plan fewest, Throwable failure, int lines) {
        var sim = new Sim(seed, fewest.traced());
        Throwable left = failure;
        try {
            sim.run();
        } catch (SimFailure | RuntimeException e) {
            left = e;
        }
        var traced = sim.traced();
        return new Found(
                seed,
                fewest,
                failure,
                left,
                List.copyOf(sim.struck().values()),
                traced.subList(Math.max(0, traced.size() - lines), traced.size()));
    }

    /** Leaves out machines, callers and strikes, as long as the run still fails; not always in the same way. */
    static Sim.Plan shrink(long seed, Sim.Plan plan) {
        var fewest = plan;
        for (var fewer : List.of(plan.withSpares(0), plan.withSpares(1))) {
            if (fails(seed, fewer)) {
                fewest = fewer;
                break;
            }
        }
        for (int callers = 0; callers <= 2; callers++) {
            if (fails(seed, fewest.withCallers(callers))) {
                fewest = fewest.withCallers(callers);
                break;
            }
        }
        return fewest.striking(fewestStrikes(seed, fewest));
    }

    /** Delta debugging (Zeller and Hildebrandt, 2002): halves, quarters and so on, as long as leaving them out helps. */
    private static Set<Integer> fewestStrikes(long seed, Sim.Plan plan) {
        var whole = new Sim(seed, plan);
        try {
            whole.run();
        } catch (SimFailure | RuntimeException e) {
            // as expected
        }
        var strikes = new ArrayList<>(whole.struck().keySet());
        int runs = 0;
        int parts = 2;
        while (!strikes.isEmpty() && runs < SHRINKING_RUNS) {
            boolean shrunk = false;
            int size = Math.max(1, (strikes.size() + parts - 1) / parts);
            for (int from = 0; from < strikes.size() && !shrunk && runs++ < SHRINKING_RUNS; from += size) {
                var fewer = new LinkedHashSet<>(strikes);
                strikes.subList(from, Math.min(strikes.size(), from + size)).forEach(fewer::remove);
                if (fails(seed, plan.striking(fewer))) {
                    strikes = new ArrayList<>(fewer);
                    shrunk = true;
                }
            }
            if (!shrunk && size == 1) {
                break;
            }
            parts = shrunk ? Math.max(2, parts - 1) : Math.min(strikes.size(), 2 * parts);
        }
        return new TreeSet<>(strikes);
    }

    private static boolean fails(long seed, Sim.Plan plan) {
        return run(seed, plan, new Coverage()).isPresent();
    }
}
