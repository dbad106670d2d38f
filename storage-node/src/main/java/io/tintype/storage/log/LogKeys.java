// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import io.tintype.model.ShardId;
import java.nio.ByteBuffer;

/** Keys of the families that the log keeps; the layouts are in docs/storage-format.md. Pure. */
final class LogKeys {
    /** {@code meta}: promised epoch, incarnation and how far the log was trimmed. */
    static final byte REPLICA = 'R';

    /** {@code meta}: first record of an epoch. */
    static final byte EPOCH = 'E';

    private static final int SHARD = Integer.BYTES;

    private LogKeys() {}

    static byte[] record(ShardId shard, long seq) {
        return ByteBuffer.allocate(SHARD + Long.BYTES)
                .putInt(shard.value())
                .putLong(seq)
                .array();
    }

    static byte[] replica(ShardId shard) {
        return ByteBuffer.allocate(SHARD + 1).putInt(shard.value()).put(REPLICA).array();
    }

    static byte[] epoch(ShardId shard, long epoch) {
        return ByteBuffer.allocate(SHARD + 1 + Long.BYTES)
                .putInt(shard.value())
                .put(EPOCH)
                .putLong(epoch)
                .array();
    }

    static long lastLong(byte[] key) {
        return ByteBuffer.wrap(key).getLong(key.length - Long.BYTES);
    }
}
