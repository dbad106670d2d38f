// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.ByteString;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a shard's log. Immutable.
 *
 * @param epoch epoch of the primary that made it, at least 1
 * @param seq its number, from 1 without gaps
 * @param prevEpoch epoch of the record in front of it; 0 for the first
 * @param logTimeMs the shard's clock, milliseconds since 1970; never less than in the record in front. All decisions
 *     about time that replicas must make alike go by it
 * @param type what it does
 * @param user whom it is about; null where it is about nobody
 * @param requestId the request to be applied once; null where none was made
 * @param payload the message that belongs to the type, encoded
 */
public record LogRecord(
        long epoch,
        long seq,
        long prevEpoch,
        long logTimeMs,
        RecordType type,
        @Nullable UserId user,
        @Nullable RequestId requestId,
        ByteString payload) {

    public LogRecord {
        if (epoch < 1 || seq < 1 || prevEpoch < 0 || prevEpoch > epoch || logTimeMs < 0) {
            throw new IllegalArgumentException(
                    "epoch " + epoch + ", seq " + seq + ", previous epoch " + prevEpoch + ", log time " + logTimeMs);
        }
    }

    /** Where it stands. */
    public LogPosition position() {
        return new LogPosition(epoch, seq);
    }
}
