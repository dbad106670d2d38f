// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded stretch of memory outside the heap, given out in blocks of {@link #LEAST_BYTES} times a power of two up to
 * {@link #MOST_BYTES} (the buddy system: Knowlton, 1965). Whoever needs another length gets several blocks, so that free
 * memory is never too scattered to be used. Thread-safe.
 *
 * <p>The memory is taken from the system as it is first needed, and never more than the capacity. It is given back when
 * nobody refers to the arena or its buffers any more.
 *
 * <p>Not final, so that tests can have it fail.
 */
class Arena {
    static final int LEAST_BYTES = 4 << 10;
    static final int MOST_BYTES = 1 << 20;
    /** The capacity is a multiple of this. */
    static final int SLAB_BYTES = 16 << 20;

    private static final int MOST_ORDER = Integer.numberOfTrailingZeros(MOST_BYTES / LEAST_BYTES);
    private static final int SLAB_UNITS = SLAB_BYTES / LEAST_BYTES;
    /** Blocks that together are just long enough, before the last one may be longer than needed. */
    private static final int EXACT_BLOCKS = 2;
    /** A block's number of units is in its lower bits as their logarithm, its first unit above. */
    private static final int ORDER_BITS = 4;

    private static final int NONE = -1;
    private static final byte NOT_FREE = -1;

    private static final Logger log = LoggerFactory.getLogger(Arena.class);

    // Guarded by this:
    private int slabsAtMost;
    private final ByteBuffer[] slabs;
    private int slabCount;
    private int usedUnits;
    /** First free block of each order, by its first unit. */
    private final int[] first = new int[MOST_ORDER + 1];
    /** Of a free block's first unit: neighbours in the list of its order, and the order. */
    private int[] next = {};

    private int[] previous = {};
    private byte[] freeOrder = {};

    /** Of a capacity that is rounded down to whole slabs, at least one. */
    Arena(long capacity) {
        slabsAtMost = Math.toIntExact(Math.max(1, capacity / SLAB_BYTES));
        slabs = new ByteBuffer[slabsAtMost];
        Arrays.fill(first, NONE);
    }

    /** Bytes that can be given out in all; fewer than was asked for where the system has no more. */
    synchronized long capacity() {
        return (long) slabsAtMost * SLAB_BYTES;
    }

    /** Bytes given out now. */
    synchronized long usedBytes() {
        return (long) usedUnits * LEAST_BYTES;
    }

    /** Blocks that together hold this many bytes, from 1 to any number; null: there is no room. */
    synchronized long @Nullable [] allocate(int bytes) {
        int left = (bytes + LEAST_BYTES - 1) / LEAST_BYTES;
        while (left > slabCount * SLAB_UNITS - usedUnits && slabCount < slabsAtMost) {
            grow();
        }
        if (left > slabCount * SLAB_UNITS - usedUnits) {
            return null;
        }
        var blocks = new long[4];
        int count = 0;
        while (left > 0) {
            int order = Math.min(MOST_ORDER, log2(left));
            if (count >= EXACT_BLOCKS && 1 << order < left && order < MOST_ORDER) {
                order++;
            }
            long got = take(order);
            if (count == blocks.length) {
                blocks = Arrays.copyOf(blocks, 2 * count);
            }
            blocks[count++] = got;
            left -= 1 << orderOf(got);
            usedUnits += 1 << orderOf(got);
        }
        return Arrays.copyOf(blocks, count);
    }

    /** A free block of this order, else, where there is no more memory for one, the largest there is. */
    private long take(int wanted) {
        for (int order = wanted; order <= MOST_ORDER; order++) {
            if (first[order] != NONE) {
                return split(first[order], order, wanted);
            }
        }
        if (slabCount < slabsAtMost && grow()) {
            return split(first[MOST_ORDER], MOST_ORDER, wanted);
        }
        for (int order = wanted - 1; order >= 0; order--) {
            if (first[order] != NONE) {
                return split(first[order], order, order);
            }
        }
        throw new IllegalStateException("free memory was counted wrong");
    }

    private long split(int unit, int order, int wanted) {
        unlink(unit);
        for (int half = order - 1; half >= wanted; half--) {
            link(unit + (1 << half), half);
        }
        return (long) unit << ORDER_BITS | wanted;
    }

    private boolean grow() {
        try {
            slabs[slabCount] = ByteBuffer.allocateDirect(SLAB_BYTES);
        } catch (OutOfMemoryError e) { // the JVM's limit of direct memory; the heap is not touched
            slabsAtMost = slabCount;
            log.warn(
                    "the memory cache stays at {} bytes: the JVM gives no more memory outside the heap"
                            + " ({}). Lower cache.memoryBytes, or raise -XX:MaxDirectMemorySize.",
                    capacity(),
                    e.getMessage());
            return false;
        }
        int from = slabCount * SLAB_UNITS;
        slabCount++;
        int units = slabCount * SLAB_UNITS;
        next = Arrays.copyOf(next, units);
        previous = Arrays.copyOf(previous, units);
        freeOrder = Arrays.copyOf(freeOrder, units);
        Arrays.fill(freeOrder, from, units, NOT_FREE);
        for (int unit = from; unit < units; unit += 1 << MOST_ORDER) {
            link(unit, MOST_ORDER);
        }
        return true;
    }

    /** Takes blocks back. Whoever had them must not touch them any more. */
    synchronized void free(long[] blocks) {
        for (long block : blocks) {
            int order = orderOf(block);
            int unit = unitOf(block);
            usedUnits -= 1 << order;
            while (order < MOST_ORDER && freeOrder[unit ^ 1 << order] == order) {
                unlink(unit ^ 1 << order);
                unit &= ~(1 << order);
                order++;
            }
            link(unit, order);
        }
    }

    /** The memory of a block, as a buffer of its own. */
    synchronized ByteBuffer buffer(long block) {
        int unit = unitOf(block);
        return slabs[unit / SLAB_UNITS].slice(unit % SLAB_UNITS * LEAST_BYTES, bytesOf(block));
    }

    /** Length of a block. */
    static int bytesOf(long block) {
        return LEAST_BYTES << orderOf(block);
    }

    private static int orderOf(long block) {
        return (int) block & (1 << ORDER_BITS) - 1;
    }

    private static int unitOf(long block) {
        return (int) (block >>> ORDER_BITS);
    }

    private void link(int unit, int order) {
        freeOrder[unit] = (byte) order;
        previous[unit] = NONE;
        next[unit] = first[order];
        if (first[order] != NONE) {
            previous[first[order]] = unit;
        }
        first[order] = unit;
    }

    private void unlink(int unit) {
        int order = freeOrder[unit];
        freeOrder[unit] = NOT_FREE;
        if (previous[unit] == NONE) {
            first[order] = next[unit];
        } else {
            next[previous[unit]] = next[unit];
        }
        if (next[unit] != NONE) {
            previous[next[unit]] = previous[unit];
        }
    }

    private static int log2(int units) {
        return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(units);
    }
}
