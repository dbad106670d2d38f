// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.report.MemoryUse;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * All memory of a node in one place: what each part uses, and what it may use. None of it grows with the number of shards, for
 * they share one store, one cache and one set of budgets. Read when Prometheus asks. Thread-safe.
 */
final class NodeMemory implements MeterBinder {
    private static final String CACHE = "native.cache.bytes";
    private static final String TABLES = "native.table.reader.bytes";

    /**
     * One part.
     *
     * @param name the value of its tag
     * @param limit bytes that it may use
     * @param used bytes that it uses now
     */
    record Part(String name, long limit, ToLongFunction<Disk> used) {}

    private final Disk disk;
    private final List<Part> parts;

    /** @param settings those that the disk was opened with */
    NodeMemory(Disk disk, DiskSettings settings) {
        this.disk = disk;
        this.parts = List.of(
                new Part("heap", Runtime.getRuntime().maxMemory(), open -> heapUsed()),
                // Memtables are charged to the cache, so that its figure has both.
                new Part(
                        "store",
                        settings.blockCacheBytes() + settings.writeBufferBytes(),
                        open -> figure(open, CACHE) + figure(open, TABLES)),
                new Part(
                        "network",
                        PlatformDependent.maxDirectMemory(),
                        open -> Math.max(0, PlatformDependent.usedDirectMemory())));
    }

    /** What each part uses now. */
    List<MemoryUse> uses() {
        return parts.stream()
                .map(part -> new MemoryUse(part.name(), part.used().applyAsLong(disk), part.limit()))
                .toList();
    }

    /** What all parts together may use. */
    long limit() {
        return parts.stream().mapToLong(Part::limit).sum();
    }

    /** For the log, once at the start. */
    String summary() {
        var text = new StringBuilder();
        for (var part : parts) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(part.name())
                    .append(' ')
                    .append(part.limit() >> 20);
        }
        return text.append(" MiB; together ")
                .append(limit() >> 20)
                .append(" MiB")
                .toString();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (var part : parts) {
            Gauge.builder("tintype.memory.bytes", disk, open -> part.used().applyAsLong(open))
                    .description(
                            "Memory that the node uses now: its heap, its store outside it, buffers of connections.")
                    .tag("part", part.name())
                    .register(registry);
            Gauge.builder("tintype.memory.limit.bytes", part, Part::limit)
                    .description("Memory that this part may use, however many shards the node has.")
                    .tag("part", part.name())
                    .strongReference(true)
                    .register(registry);
        }
    }

    private static long heapUsed() {
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long figure(Disk disk, String name) {
        var value = disk.metrics().get(name);
        if (value == null) {
            throw new IllegalStateException("the disk does not tell " + name);
        }
        return value;
    }
}
