// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import java.util.ArrayList;
import java.util.List;

/** Reads records of one shard's log from the disk. Keeps nothing itself; any thread. */
final class LogReader {
    private final Disk disk;
    private final ShardId shard;

    LogReader(Disk disk, ShardId shard) {
        this.disk = disk;
        this.shard = shard;
    }

    /** As {@link LogStore#read}. */
    List<LogEntry> read(long from, long to, int maxBytes) {
        var found = new ArrayList<LogEntry>();
        long size = 0;
        try (var scan = disk.scan(Family.LOG, LogKeys.record(shard, from), LogKeys.record(shard, to + 1))) {
            for (long seq = from; scan.valid(); scan.next(), seq++) {
                if (LogKeys.lastLong(scan.key()) != seq) {
                    break;
                }
                var entry = decode(scan.value(), seq);
                size += entry.encoded().size();
                if (!found.isEmpty() && size > maxBytes) {
                    break;
                }
                found.add(entry);
            }
        }
        return found;
    }

    /**
     * A record as it stands on the disk.
     *
     * @throws TintypeException CORRUPT_DATA if it cannot be read, or is another one
     */
    LogEntry decode(byte[] value, long seq) {
        var entry = LogCodec.decode(UnsafeByteOperations.unsafeWrap(value));
        if (entry.record().seq() != seq) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "shard " + shard + ": record " + entry.record().seq() + " stands in place of " + seq);
        }
        return entry;
    }
}
