// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * CPU time that processes of this machine have used, and on Linux by what their threads are there for. Thread-safe.
 *
 * <p>Resolution is 10 ms a thread, so measure over seconds. Threads are looked at twice a second, because what one used
 * cannot be asked any more once it has ended; what it used since the last look counts as {@link Duty#OTHER}.
 */
final class CpuMeter implements AutoCloseable {
    private static final long LOOK_MS = 500;
    private static final long NANOS_PER_TICK = 10_000_000;
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    private final List<Long> servers;
    private final Path proc;
    private final Map<Path, Long> ticks = new HashMap<>();
    private final EnumMap<Duty, Long> used = new EnumMap<>(Duty.class);
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "cpu-meter");
        thread.setDaemon(true);
        return thread;
    });

    /** @param servers process ids of the servers; empty where they are not known or not here */
    CpuMeter(List<Long> servers) {
        this(servers, Path.of("/proc"));
    }

    CpuMeter(List<Long> servers, Path proc) {
        this.servers = List.copyOf(servers);
        this.proc = proc;
        if (!servers.isEmpty()) {
            look();
            var unused = timer.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
        }
    }

    /** What all servers together have used; empty where one of them cannot be asked. */
    Optional<CpuUse> servers() {
        long sum = 0;
        for (long pid : servers) {
            var process = ProcessHandle.of(pid)
                    .flatMap(handle -> handle.info().totalCpuDuration())
                    .map(Duration::toNanos);
            if (process.isEmpty()) {
                return Optional.empty();
            }
            sum += process.get();
        }
        return servers.isEmpty() ? Optional.empty() : Optional.of(new CpuUse(sum, byDuty(sum)));
    }

    /** Nanoseconds this process has used. */
    static long own() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    /** Looks no more. */
    @Override
    public void close() {
        timer.shutdownNow();
    }

    private synchronized Map<Duty, Long> byDuty(long sum) {
        look();
        if (used.isEmpty()) {
            return Map.of();
        }
        var all = new EnumMap<>(used);
        long known = used.values().stream().mapToLong(Long::longValue).sum();
        all.merge(Duty.OTHER, Math.max(0, sum - known), Long::sum);
        return all;
    }

    private synchronized void look() {
        for (long pid : servers) {
            try (var threads = Files.list(proc.resolve(pid + "/task"))) {
                threads.forEach(this::look);
            } catch (IOException e) {
                return; // not Linux, or the process is gone: the total will tell
            }
        }
    }

    private void look(Path thread) {
        String stat;
        try {
            stat = Files.readString(thread.resolve("stat"));
        } catch (IOException e) {
            return; // has just ended
        }
        int nameEnd = stat.lastIndexOf(')');
        var duty = Duty.of(stat.substring(stat.indexOf('(') + 1, nameEnd));
        var fields = stat.substring(nameEnd + 2).split(" ", -1);
        long now = Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS]);
        var before = ticks.put(thread, now);
        used.merge(duty, (now - (before == null ? 0 : before)) * NANOS_PER_TICK, Long::sum);
    }
}
