// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.cluster.config.Meaning;
import io.tintype.model.Limits;
import java.time.Duration;

/**
 * How much the services may take on. Immutable.
 */
public record RpcLimits(
        @Meaning("Largest blob taken, 5 GiB at most.") long maxBlobBytes,

        @Meaning("Bytes that all uploads together may hold in memory, at least two chunks.")
        long uploadBytes,

        @Meaning("Bytes that all reads together may hold in memory, at least two chunks.")
        long readBytes,

        @Meaning("Reads of the disk that go on at once.") int readerThreads,

        @Meaning("Reads that may wait for one of these threads.")
        int readerQueue,

        @Meaning("A transfer that has not moved for this long is given up.")
        Duration stall) {
    private static final long LEAST_TRANSFER_BYTES = 4L * Limits.CHUNK_BYTES;
    private static final int LEAST_SHARE = 6;
    private static final int THREADS_PER_CORE = 4;
    private static final int QUEUE = 4_096;
    private static final Duration STALL = Duration.ofSeconds(60);

    public RpcLimits {
        require(
                maxBlobBytes >= 1 && maxBlobBytes <= Limits.MAX_BLOB_BYTES,
                "limits.maxBlobBytes is " + maxBlobBytes + "; give 1 to " + Limits.MAX_BLOB_BYTES);
        require(
                uploadBytes >= LEAST_TRANSFER_BYTES,
                "limits.uploadBytes is " + uploadBytes + "; give at least " + LEAST_TRANSFER_BYTES);
        require(
                readBytes >= LEAST_TRANSFER_BYTES,
                "limits.readBytes is " + readBytes + "; give at least " + LEAST_TRANSFER_BYTES);
        require(
                readerThreads >= 1 && readerThreads <= 1_024,
                "limits.readerThreads is " + readerThreads + "; give 1 to 1024");
        require(
                readerQueue >= 1 && readerQueue <= 1_000_000,
                "limits.readerQueue is " + readerQueue + "; give 1 to 1000000");
        require(
                stall.compareTo(Duration.ofSeconds(1)) >= 0 && stall.compareTo(Duration.ofHours(1)) <= 0,
                "limits.stall is " + stall + "; give 1s to 1h");
    }

    /** What fits the given heap and number of cores: a sixth of the heap for each direction. */
    public static RpcLimits fitting(long heapBytes, int cores) {
        long share = Math.max(LEAST_TRANSFER_BYTES, heapBytes / LEAST_SHARE);
        return new RpcLimits(Limits.MAX_BLOB_BYTES, share, share, cores * THREADS_PER_CORE, QUEUE, STALL);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
