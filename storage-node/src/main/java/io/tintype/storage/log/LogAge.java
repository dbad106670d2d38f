// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.ShardId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Scan;

/** Finds how much of a log is old or in excess. Stateless; blocks on the disk, a few reads a call. */
public final class LogAge {
    private LogAge() {}

    /**
     * The last record whose log time lies before a time, or which lies in front of the newest so many bytes; 0: none.
     * Bytes are estimated: records of a log are taken to be of one size.
     */
    public static long upTo(Disk disk, ShardId shard, long timeMs, long keptBytes) {
        byte[] from = LogKeys.record(shard, 0);
        byte[] to = LogKeys.record(shard, -1);
        try (var scan = disk.scan(Family.LOG, from, to)) {
            if (!scan.valid()) {
                return 0;
            }
            long first = LogKeys.lastLong(scan.key());
            scan.seekToLast();
            long last = LogKeys.lastLong(scan.key());
            return Math.max(older(scan, shard, first, last, timeMs), excess(disk, from, to, first, last, keptBytes));
        }
    }

    /** Log times never fall, so that halving finds the last one before a time. */
    private static long older(Scan scan, ShardId shard, long first, long last, long timeMs) {
        long known = first - 1; // older, or in front of all
        long above = last + 1; // not older, or behind all
        while (above - known > 1) {
            long middle = known + (above - known) / 2;
            scan.seek(LogKeys.record(shard, middle));
            if (!scan.valid()) {
                return 0; // trimmed or cut meanwhile: next time
            }
            var record = LogCodec.decode(UnsafeByteOperations.unsafeWrap(scan.value()));
            if (record.record().logTimeMs() < timeMs) {
                known = middle;
            } else {
                above = middle;
            }
        }
        return known < first ? 0 : known;
    }

    private static long excess(Disk disk, byte[] from, byte[] to, long first, long last, long keptBytes) {
        long bytes = disk.approximateBytes(Family.LOG, from, to);
        if (bytes <= keptBytes) {
            return 0;
        }
        long kept = (long) ((double) keptBytes / bytes * (last - first + 1));
        return last - kept;
    }
}
