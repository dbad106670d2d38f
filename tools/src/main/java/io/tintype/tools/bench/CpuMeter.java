// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * CPU time that processes of this machine have used. Thread-safe.
 *
 * <p>Asks the operating system by {@link ProcessHandle}, which on Linux reads /proc with a resolution of 10 ms: measure
 * over seconds.
 */
final class CpuMeter {
    private final List<Long> servers;

    /** @param servers process ids of the servers; empty where they are not known or not here */
    CpuMeter(List<Long> servers) {
        this.servers = List.copyOf(servers);
    }

    /** Nanoseconds all servers together have used; empty where one of them cannot be asked. */
    OptionalLong servers() {
        long sum = 0;
        for (long pid : servers) {
            var used = ProcessHandle.of(pid)
                    .flatMap(process -> process.info().totalCpuDuration())
                    .map(Duration::toNanos);
            if (used.isEmpty()) {
                return OptionalLong.empty();
            }
            sum += used.get();
        }
        return servers.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sum);
    }

    /** Nanoseconds this process has used. */
    static long own() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }
}
