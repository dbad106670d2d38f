// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run from loading to report. Used by one thread. */
final class Run {
    private final Workload workload;
    private final Target target;
    private final CpuMeter cpu;
    private final PrintWriter live;
    private final int liveSeconds;
    private final Duration warmUp;

    /**
     * @param live where progress is told
     * @param liveSeconds how often
     * @param warmUp how long operations are made before they count
     */
    Run(Workload workload, Target target, CpuMeter cpu, PrintWriter live, int liveSeconds, Duration warmUp) {
        this.workload = workload;
        this.target = target;
        this.cpu = cpu;
        this.live = live;
        this.liveSeconds = liveSeconds;
        this.warmUp = warmUp;
    }

    /**
     * Runs the workload.
     *
     * @param durability what an acknowledgement means there
     * @param keep whether the blobs stay
     */
    Report go(String durability, boolean keep) throws InterruptedException {
        var load = new Load(workload, target);
        Report report;
        try (var watch = new Watch(load)) {
            load.load();
            load.warmUp(warmUp);
            watch.measuring();
            var serversBefore = cpu.servers();
            long ownBefore = CpuMeter.own();
            long nanos = load.run();
            long own = CpuMeter.own() - ownBefore;
            var servers = serversBefore.flatMap(before -> cpu.servers().map(after -> after.since(before)));
            report = report(load, durability, nanos, servers.orElse(null), own);
        }
        if (!keep) {
            load.unload();
        }
        return report;
    }

    private Report report(Load load, String durability, long nanos, @Nullable CpuUse servers, long own) {
        long operations = load.puts().count() + load.gets().count();
        return new Report(
                Machine.describe(),
                durability,
                Report.describe(workload),
                Math.round(nanos / 1e6) / 1e3,
                Figures.of(load.puts(), nanos),
                Figures.of(load.gets(), nanos),
                servers == null ? null : (Double) CpuUse.perOperation(servers.nanos(), operations),
                servers == null ? null : (Double) CpuUse.perOperation(servers.steadyNanos(), operations),
                servers == null ? Map.of() : servers.microsByDuty(operations),
                CpuUse.perOperation(own, operations),
                load.checker().bytes(),
                load.checker().wrong(),
                load.checker().firstWrong(),
                load.failures());
    }

    /** Tells, once in a while, how far a run has come. */
    private final class Watch implements AutoCloseable {
        private final Load load;
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        private volatile long measuredFrom;
        private long lastCount;
        private long lastBytes;

        Watch(Load load) {
            this.load = load;
            var unused = timer.scheduleAtFixedRate(this::tell, liveSeconds, liveSeconds, TimeUnit.SECONDS);
        }

        void measuring() {
            measuredFrom = System.nanoTime();
        }

        private void tell() {
            if (measuredFrom == 0) {
                live.printf(Locale.ROOT, "loading: %,d of %,d blobs%n", load.loaded(), workload.keys());
            } else {
                long count = load.puts().count() + load.gets().count();
                long bytes = load.puts().bytes() + load.gets().bytes();
                live.printf(
                        Locale.ROOT,
                        "%4d s: %,8.0f ops/s %,8.1f MB/s, %d failed, %d wrong%n",
                        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - measuredFrom),
                        (double) (count - lastCount) / liveSeconds,
                        (bytes - lastBytes) / 1e6 / liveSeconds,
                        load.puts().failures() + load.gets().failures(),
                        load.checker().wrong());
                lastCount = count;
                lastBytes = bytes;
            }
            live.flush();
        }

        @Override
        public void close() {
            timer.shutdownNow();
        }
    }
}
