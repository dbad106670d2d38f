// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tintype.storage.disk.Disk;
import java.util.Map;

/** What a node tells of its disk and of RocksDB, native memory included. Read when Prometheus asks. Thread-safe. */
final class DiskMetrics implements MeterBinder {
    private static final String PREFIX = "tintype.rocksdb.";

    /** One figure that {@link Disk#metrics} has. */
    private record Figure(String name, String help) {}

    private static final Figure[] LEVELS = {
        new Figure("native.cache.bytes", "Native memory of the block cache."),
        new Figure(
                "native.cache.pinned.bytes",
                "Native memory of the block cache that is in use and cannot be given back."),
        new Figure("native.memtable.bytes", "Native memory of writes that are not in files yet."),
        new Figure("native.table.reader.bytes", "Native memory of indexes and filters outside the cache."),
        new Figure("files.live.bytes", "Bytes of table files in use."),
        new Figure("files.blob.bytes", "Bytes of blob files in use."),
        new Figure("commit.waiting.writes", "Writes that wait to be synced."),
        new Figure("commit.waiting.bytes", "Bytes of the writes that wait to be synced."),
        new Figure("compactions.running", "Compactions that run now."),
        new Figure("flushes.running", "Writes of full memtables to files that run now."),
        new Figure("errors.background", "Errors of RocksDB's own threads since the start. Needs attention."),
        new Figure("snapshots.held", "States that are kept for reads, snapshots and digests."),
        new Figure("compaction.pending.bytes", "Bytes that compaction still has to rewrite."),
    };
    private static final Figure[] COUNTERS = {
        new Figure("commit.groups", "Groups of writes that were synced together."),
        new Figure("commit.writes", "Writes that were synced."),
        new Figure("commit.bytes", "Bytes of writes that were synced."),
        new Figure("wal.bytes", "Bytes written to the write-ahead log."),
        new Figure("wal.syncs", "Syncs of the write-ahead log."),
        new Figure("cache.hits", "Blocks that were in the block cache."),
        new Figure("cache.misses", "Blocks that were not, and were read from files."),
        new Figure("bloom.useful", "Lookups that a filter spared."),
        new Figure("flush.written.bytes", "Bytes written to files from memtables."),
        new Figure("compaction.read.bytes", "Bytes that compaction read."),
        new Figure("compaction.written.bytes", "Bytes that compaction wrote."),
        new Figure("stall.micros", "Microseconds for which RocksDB held writes back."),
        new Figure("blob.read.bytes", "Bytes read from blob files."),
        new Figure("blob.written.bytes", "Bytes written to blob files."),
    };

    private final Disk disk;

    DiskMetrics(Disk disk) {
        this.disk = disk;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("tintype.disk.set.aside", disk, Disk::damagedKept)
                .description("Damaged stores kept beside the one in use; look at the disk, then remove them.")
                .register(registry);
        Gauge.builder("tintype.disk.bytes", disk, open -> open.usage().totalBytes())
                .description("Bytes that the file system under the data directory has in all.")
                .register(registry);
        Gauge.builder("tintype.disk.free.bytes", disk, open -> open.usage().freeBytes())
                .description("Bytes that it can still take; see tintype_disk_read_only.")
                .register(registry);
        Gauge.builder("tintype.disk.read.only", disk, open -> open.committer().isReadOnly() ? 1 : 0)
                .description("1 while uploads are refused for want of free space, until there is enough again.")
                .register(registry);
        for (var figure : LEVELS) {
            Gauge.builder(PREFIX + figure.name(), disk, open -> value(open.metrics(), figure))
                    .description(figure.help())
                    .register(registry);
        }
        for (var figure : COUNTERS) {
            FunctionCounter.builder(PREFIX + figure.name(), disk, open -> value(open.metrics(), figure))
                    .description(figure.help())
                    .register(registry);
        }
    }

    private static double value(Map<String, Long> metrics, Figure figure) {
        var value = metrics.get(figure.name());
        if (value == null) {
            throw new IllegalStateException("the disk does not tell " + figure.name());
        }
        return value;
    }
}
