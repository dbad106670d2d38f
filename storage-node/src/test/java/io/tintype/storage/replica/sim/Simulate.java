// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * {@code tintype simulate}, which finds it as a service: runs many seeds, or repeats one.
 *
 * <p>Arguments, each as {@code --name=value}: seeds, first, seconds; or seed, strikes, spares, callers, lines; and json.
 */
public final class Simulate implements ToolProvider {
    private static final int LINES = 120;
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Override
    public String name() {
        return "tintype-simulate";
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        var json = Arrays.asList(args).contains("--json");
        var seed = number(args, "seed");
        var summary = new Summary(seed.orElse(number(args, "first").orElse(1)));
        var stop = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        var hook = new Thread(() -> interrupted(stop, stopped));
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            if (seed.isPresent()) {
                repeat(seed.getAsLong(), summary, args);
            } else {
                runMany(summary, stop, err, args);
            }
            out.println(json ? summary.json() : summary.text());
            out.flush();
        } finally {
            stopped.countDown();
        }
        if (stop.getCount() > 0) {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        return summary.failure().isPresent() ? 1 : 0;
    }

    /** The JVM is told to end: the seed under way ends first, and what was done so far is printed. */
    private static void interrupted(CountDownLatch stop, CountDownLatch stopped) {
        stop.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void repeat(long seed, Summary summary, String... args) {
        var plan = Sim.Plan.ANYTHING
                .withSpares((int) number(args, "spares").orElse(-1))
                .withCallers((int) number(args, "callers").orElse(-1));
        var strikes = strikes(args);
        if (strikes != null) {
            plan = plan.striking(strikes);
        }
        int lines = (int) number(args, "lines").orElse(LINES);
        var failure = Seeds.run(seed, plan, summary.coverage());
        summary.ran(seed);
        if (failure.isPresent()) {
            var fewest = strikes == null ? Seeds.shrink(seed, plan) : plan;
            summary.failed(Seeds.explain(seed, fewest, failure.get(), lines));
        }
    }

    private static void runMany(Summary summary, CountDownLatch stop, PrintWriter err, String... args) {
        long first = number(args, "first").orElse(1);
        var seconds = number(args, "seconds");
        long seeds = number(args, "seeds").orElse(seconds.isPresent() ? Long.MAX_VALUE : 1_000);
        long began = System.nanoTime();
        long told = began;
        for (long seed = first; seed - first < seeds && stop.getCount() > 0; seed++) {
            long now = System.nanoTime();
            if (seconds.isPresent() && now - began >= TimeUnit.SECONDS.toNanos(seconds.getAsLong())) {
                return;
            }
            if (now - told >= PROGRESS_NANOS) {
                told = now;
                err.println(summary.progress());
                err.flush();
            }
            var failure = Seeds.run(seed, Sim.Plan.ANYTHING, summary.coverage());
            summary.ran(seed);
            if (failure.isPresent()) {
                err.println("seed " + seed + " fails; looking for the least that still does…");
                err.flush();
                summary.failed(Seeds.explain(seed, Seeds.shrink(seed, Sim.Plan.ANYTHING), failure.get(), LINES));
                return;
            }
        }
    }

    private static OptionalLong number(String[] args, String name) {
        return text(args, name)
                .map(value -> OptionalLong.of(Long.parseLong(value)))
                .orElse(OptionalLong.empty());
    }

    private static @Nullable Set<Integer> strikes(String[] args) {
        var given = text(args, "strikes");
        if (given.isEmpty()) {
            return null;
        }
        var strikes = new TreeSet<Integer>();
        if (!given.get().equals("none")) {
            Arrays.stream(given.get().split(",")).map(Integer::valueOf).forEach(strikes::add);
        }
        return strikes;
    }

    private static Optional<String> text(String[] args, String name) {
        var start = "--" + name + "=";
        return Arrays.stream(args)
                .filter(arg -> arg.startsWith(start))
                .map(arg -> arg.substring(start.length()))
                .findFirst();
    }
}
