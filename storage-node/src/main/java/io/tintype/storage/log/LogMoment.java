// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.ShardId;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Moment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The log of one shard as it was at some moment. Every method blocks on the disk; one thread at a time. */
public final class LogMoment {
    private final Moment moment;
    private final ShardId shard;

    /** @param moment to be closed by the caller, when this is no longer used */
    public LogMoment(Moment moment, ShardId shard) {
        this.moment = moment;
        this.shard = shard;
    }

    /** Whether a snapshot was being installed, so that there was no log to speak of. */
    public boolean isInstalling() {
        return moment.get(Family.META, LogKeys.meta(shard, LogKeys.INSTALLING)) != null;
    }

    /** The first record of each epoch, oldest first. */
    public List<LogPosition> epochs() {
        var found = new ArrayList<LogPosition>();
        try (var scan =
                moment.scan(Family.META, LogKeys.meta(shard, LogKeys.EPOCH), LogKeys.meta(shard, LogKeys.EPOCH + 1))) {
            for (; scan.valid(); scan.next()) {
                found.add(new LogPosition(
                        LogKeys.lastLong(scan.key()),
                        ByteBuffer.wrap(scan.value()).getLong()));
            }
        }
        return found;
    }

    /** All records from one on. */
    public List<LogEntry> tail(long from) {
        var found = new ArrayList<LogEntry>();
        try (var scan = moment.scan(Family.LOG, LogKeys.record(shard, from), LogKeys.record(shard, -1))) {
            for (; scan.valid(); scan.next()) {
                found.add(LogCodec.decode(UnsafeByteOperations.unsafeWrap(scan.value())));
            }
        }
        return found;
    }
}
