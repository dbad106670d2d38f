// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.nio.ByteBuffer;

/**
 * Remembers roughly what was seen lately: a Bloom filter of two generations, of which the older is forgotten when the newer
 * is full. What is asked for a second time is told apart from what a scan asks for once, at a few bits each. Thread-safe.
 */
final class SeenBefore {
    private static final int BITS_EACH = 16;
    private static final int PROBES = 4;

    private final int capacity;
    private final int bits;
    private Generation newer; // guarded by this
    private Generation older; // guarded by this

    private static final class Generation {
        final long[] words;
        int entries;

        Generation(int bits) {
            words = new long[bits / Long.SIZE];
        }
    }

    /** Remembers at least so many. */
    SeenBefore(int capacity) {
        this.capacity = capacity;
        this.bits = Integer.highestOneBit(Math.max(Long.SIZE, capacity * BITS_EACH));
        newer = new Generation(bits);
        older = new Generation(bits);
    }

    /** Whether this, a uniformly distributed digest, was seen lately; from now on it was. */
    synchronized boolean test(byte[] digest) {
        boolean seen = contains(newer, digest) || contains(older, digest);
        if (!contains(newer, digest)) {
            if (newer.entries == capacity) {
                older = newer;
                newer = new Generation(bits);
            }
            newer.entries++;
            for (int i = 0; i < PROBES; i++) {
                int bit = bit(digest, i);
                newer.words[bit / Long.SIZE] |= 1L << bit;
            }
        }
        return seen;
    }

    private boolean contains(Generation generation, byte[] digest) {
        for (int i = 0; i < PROBES; i++) {
            int bit = bit(digest, i);
            if ((generation.words[bit / Long.SIZE] & 1L << bit) == 0) {
                return false;
            }
        }
        return true;
    }

    private int bit(byte[] digest, int probe) {
        return ByteBuffer.wrap(digest).getInt(probe * Integer.BYTES) & bits - 1;
    }
}
