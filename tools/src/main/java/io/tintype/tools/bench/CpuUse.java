// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * CPU time that servers used over a while. Immutable.
 *
 * @param nanos of all their threads
 * @param byDuty the same by what threads are there for; empty where the operating system does not tell
 */
record CpuUse(long nanos, Map<Duty, Long> byDuty) {
    CpuUse {
        byDuty = Map.copyOf(byDuty);
    }

    /** Without what the JIT compilers used: what a server costs once it has run for a while. */
    long steadyNanos() {
        return nanos - byDuty.getOrDefault(Duty.COMPILER, 0L);
    }

    /** What was used since an earlier look. */
    CpuUse since(CpuUse earlier) {
        var spent = new EnumMap<Duty, Long>(Duty.class);
        byDuty.forEach((duty, used) -> spent.put(duty, used - earlier.byDuty.getOrDefault(duty, 0L)));
        return new CpuUse(nanos - earlier.nanos, spent);
    }

    /** Microseconds by duty and operation, largest first; those that round to nothing left out. */
    Map<String, Double> microsByDuty(long operations) {
        var micros = new LinkedHashMap<String, Double>();
        byDuty.entrySet().stream()
                .sorted(Map.Entry.<Duty, Long>comparingByValue().reversed())
                .forEach(entry -> {
                    double each = perOperation(entry.getValue(), operations);
                    if (each > 0) {
                        micros.put(entry.getKey().label(), each);
                    }
                });
        return micros;
    }

    /** Microseconds an operation, to a tenth. */
    static double perOperation(long nanos, long operations) {
        return Figures.round(nanos / 1e3 / Math.max(1, operations));
    }
}
