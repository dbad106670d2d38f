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

    /** {@code meta}: a snapshot is being installed, and all else of the shard is not to be read. */
    static final byte INSTALLING = 'I';

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

    /** First key of {@code meta} of a kind, and the very key where there is one of the kind. */
    static byte[] meta(ShardId shard, int kind) {
        return ByteBuffer.allocate(SHARD + 1)
                .putInt(shard.value())
                .put((byte) kind)
                .array();
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
