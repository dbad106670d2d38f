// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.FixedRecvByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.RecvByteBufAllocator;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;

/**
 * The memory outside the heap from which all servers and channels of this process take their network buffers.
 *
 * <p>gRPC's own pool grows by 2 MiB, room for a single message of {@link io.tintype.model.Limits#CHUNK_BYTES}: each such
 * message took a fresh 2 MiB from the system, zeroed it, and gave it back. This one grows by {@link #GROWTH_BYTES}.
 */
final class GrpcMemory {
    /** By how much an arena grows. */
    static final int GROWTH_BYTES = 16 << 20;

    /** Most arenas; threads share them. */
    private static final int MOST_ARENAS = 8;

    private static final int PAGE_BYTES = 8 << 10;
    private static final int PAGES_ORDER = Integer.numberOfTrailingZeros(GROWTH_BYTES / PAGE_BYTES);

    static final ByteBufAllocator ALLOCATOR = new PooledByteBufAllocator(
            true,
            1,
            Math.min(MOST_ARENAS, Runtime.getRuntime().availableProcessors()),
            PAGE_BYTES,
            PAGES_ORDER,
            PooledByteBufAllocator.defaultSmallCacheSize(),
            PooledByteBufAllocator.defaultNormalCacheSize(),
            false);

    /**
     * In what portions servers read what strangers send. What is left of a frame and the next portion are put together in a buffer of
     * 32 KiB: room for one full frame of 16 KiB, and never for those of many calls, which would all be held until the last of them
     * has its message whole.
     */
    static final RecvByteBufAllocator READS = new FixedRecvByteBufAllocator((16 << 10) - 64);

    private GrpcMemory() {}

    /** Most bytes outside the heap for everything in this process that is not RocksDB's: {@code -XX:MaxDirectMemorySize}. */
    static long mostBytes() {
        return PlatformDependent.maxDirectMemory();
    }
}
