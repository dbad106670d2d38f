// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.PlanStep;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * What happens second by second while a plan runs, so that a slow read can be laid at somebody's door: how long reads take, the pace
 * that nodes keep to, the steps under way, and what each process uses of the processors. Looks from a thread of its own.
 */
final class Timeline implements AutoCloseable {
    private static final int STEPS = 200;
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final double MILLI = 1_000;
    private static final double MIB = 1 << 20;

    private final MixedLoad load;
    private final TintypeClient client;
    private final Supplier<Map<String, ProcessHandle>> processes;
    private final Map<String, Duration> used = new HashMap<>();
    private final List<String> lines;
    private final Thread thread = new Thread(this::look, "timeline");
    private volatile boolean stopped;

    private Timeline(
            MixedLoad load, TintypeClient client, Supplier<Map<String, ProcessHandle>> processes, List<String> lines) {
        this.lines = lines;
        this.load = load;
        this.client = client;
        this.processes = processes;
    }

    /**
     * Begins to look at a load, at plans and at these processes.
     *
     * @param lines takes what is seen, from a thread of its own
     */
    static Timeline begin(
            MixedLoad load, TintypeClient client, Supplier<Map<String, ProcessHandle>> processes, List<String> lines) {
        var timeline = new Timeline(load, client, processes, lines);
        timeline.thread.setDaemon(true);
        timeline.thread.start();
        return timeline;
    }

    private void look() {
        var unused = load.latest();
        String cpu = cpu();
        for (int second = 1; !stopped; second++) {
            try {
                Thread.sleep(EVERY.toMillis());
            } catch (InterruptedException e) {
                return;
            }
            cpu = cpu();
            lines.add(line(second, load.latest()) + ", cpu ms " + cpu);
        }
    }

    private String line(int second, Histogram reads) {
        String times = String.format(
                Locale.ROOT,
                "%3d s: %d reads, p50 %.1f p95 %.1f max %.1f ms",
                second,
                reads.getTotalCount(),
                reads.getValueAtPercentile(50) / MILLI,
                reads.getValueAtPercentile(95) / MILLI,
                reads.getMaxValue() / MILLI);
        try {
            var plan = client.balancing().plan("", STEPS);
            return String.format(
                    Locale.ROOT,
                    "%s; %s %.1f MiB/s allowed, %.1f now: %s",
                    times,
                    plan.getPlan().getState().name().replace("PLAN_STATE_", ""),
                    plan.getThrottleBytesPerSecond() / MIB,
                    plan.getBytesPerSecondNow() / MIB,
                    plan.getPlan().getStepsList().stream()
                            .map(Timeline::step)
                            .flatMap(Optional::stream)
                            .collect(Collectors.joining(" ")));
        } catch (RuntimeException e) { // no plan yet, or nobody to ask
            return times + "; no plan";
        }
    }

    private static Optional<String> step(PlanStep step) {
        return switch (step.getPhase()) {
            case STEP_PHASE_COPYING, STEP_PHASE_LEAVING, STEP_PHASE_REVERTING ->
                Optional.of(step.getShard() + ":" + step.getFrom() + ">" + step.getTo() + "("
                        + (step.getDetail().contains("in sync")
                                ? "verified"
                                : step.getPhase()
                                        .name()
                                        .substring("STEP_PHASE_".length())
                                        .toLowerCase(Locale.ROOT))
                        + ")");
            default -> Optional.empty();
        };
    }

    /** Something begins. */
    void mark(String what) {
        lines.add(what);
    }

    private String cpu() {
        var all = new TreeMap<>(processes.get());
        all.put("test", ProcessHandle.current());
        return all.entrySet().stream()
                .map(process -> process.getKey() + " " + used(process.getKey(), process.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Milliseconds of a processor since it was asked last. */
    private long used(String name, ProcessHandle process) {
        var now = process.info().totalCpuDuration().orElse(Duration.ZERO);
        var before = used.put(name, now);
        return before == null ? 0 : now.minus(before).toMillis();
    }

    @Override
    public void close() {
        stopped = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
