// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a data directory is opened. Immutable; start from {@link #of} and change what differs. docs/decisions tells how
 * the defaults were measured.
 *
 * @param directory the data directory; made if it is missing
 * @param clusterId the cluster it belongs to, 32 hex digits; a directory of another cluster is refused
 * @param blockCacheBytes cache of blocks of heads, users and the like; also charged with memtables
 * @param writeBufferBytes most bytes of memtables, all families together
 * @param queueWrites most writes that may wait for the committer
 * @param queueBytes most bytes that may wait for the committer
 * @param groupBytes most bytes made durable by one fsync; a single larger write still goes alone
 * @param gather how long at most the committer waits for company before it syncs, when writes come together; one that comes
 *     alone does not wait
 * @param space how much of the file system is left free
 * @param minBlobFileValueBytes chunks of at least this many bytes live in blob files, smaller ones in the tree
 * @param blobDirectWrite large chunks go straight to the blob file, only a pointer through RocksDB's log
 */
public record DiskConfig(
        Path directory,
        String clusterId,
        long blockCacheBytes,
        long writeBufferBytes,
        int queueWrites,
        long queueBytes,
        long groupBytes,
        Duration gather,
        SpaceLimits space,
        int minBlobFileValueBytes,
        boolean blobDirectWrite) {

    /** Default of {@link #blockCacheBytes}. */
    public static final long BLOCK_CACHE_BYTES = 128L << 20;

    /** Default of {@link #writeBufferBytes}. */
    public static final long WRITE_BUFFER_BYTES = 96L << 20;

    /** Default of {@link #queueWrites}. */
    public static final int QUEUE_WRITES = 16_384;

    /** Default of {@link #queueBytes}. */
    public static final long QUEUE_BYTES = 64L << 20;

    /** Default of {@link #groupBytes}: writing this much takes longer than the fsync that is shared. */
    public static final long GROUP_BYTES = 2L << 20;

    /** Default of {@link #gather}: what several clients cost is mostly what their syncs and wake-ups cost. */
    public static final Duration GATHER = Duration.ofMillis(1);

    /** Default of {@link #minBlobFileValueBytes}. */
    public static final int MIN_BLOB_FILE_VALUE_BYTES = 4 << 10;

    public DiskConfig {
        require(clusterId.matches("[0-9a-f]{32}"), "cluster id must be 32 hex digits, not '" + clusterId + "'");
        require(blockCacheBytes >= 1 << 20, "block cache must have at least 1 MiB, not " + blockCacheBytes);
        require(writeBufferBytes >= 4 << 20, "write buffers must have at least 4 MiB, not " + writeBufferBytes);
        require(queueWrites >= 1, "the committer's queue must take at least one write, not " + queueWrites);
        require(queueBytes >= 4 << 20, "the committer's queue must take at least 4 MiB, not " + queueBytes);
        require(groupBytes >= 1, "a commit group must take at least one byte, not " + groupBytes);
        require(
                !gather.isNegative() && gather.compareTo(Duration.ofMillis(10)) <= 0,
                "gathering must last 0 to 10 ms, not " + gather);
        require(minBlobFileValueBytes >= 0, "the least blob file value must not be negative");
    }

    /** The defaults. */
    public static DiskConfig of(Path directory, String clusterId) {
        return new DiskConfig(
                directory,
                clusterId,
                BLOCK_CACHE_BYTES,
                WRITE_BUFFER_BYTES,
                QUEUE_WRITES,
                QUEUE_BYTES,
                GROUP_BYTES,
                GATHER,
                SpaceLimits.DEFAULT,
                MIN_BLOB_FILE_VALUE_BYTES,
                false);
    }

    /** The same with other amounts of native memory. */
    public DiskConfig withMemory(long newBlockCacheBytes, long newWriteBufferBytes) {
        return new DiskConfig(
                directory,
                clusterId,
                newBlockCacheBytes,
                newWriteBufferBytes,
                queueWrites,
                queueBytes,
                groupBytes,
                gather,
                space,
                minBlobFileValueBytes,
                blobDirectWrite);
    }

    /** The same with other limits of the committer. */
    public DiskConfig withCommitter(int newQueueWrites, long newQueueBytes, long newGroupBytes, Duration newGather) {
        return new DiskConfig(
                directory,
                clusterId,
                blockCacheBytes,
                writeBufferBytes,
                newQueueWrites,
                newQueueBytes,
                newGroupBytes,
                newGather,
                space,
                minBlobFileValueBytes,
                blobDirectWrite);
    }

    /** The same with one amount for all that is left free. */
    public DiskConfig withReserve(long bytes) {
        return withSpace(new SpaceLimits(bytes, bytes, bytes));
    }

    /** The same with other amounts left free. */
    public DiskConfig withSpace(SpaceLimits newSpace) {
        return new DiskConfig(
                directory,
                clusterId,
                blockCacheBytes,
                writeBufferBytes,
                queueWrites,
                queueBytes,
                groupBytes,
                gather,
                newSpace,
                minBlobFileValueBytes,
                blobDirectWrite);
    }

    /** The same with another treatment of large values. */
    public DiskConfig withBlobFiles(int newMinBlobFileValueBytes, boolean newBlobDirectWrite) {
        return new DiskConfig(
                directory,
                clusterId,
                blockCacheBytes,
                writeBufferBytes,
                queueWrites,
                queueBytes,
                groupBytes,
                gather,
                space,
                newMinBlobFileValueBytes,
                newBlobDirectWrite);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
