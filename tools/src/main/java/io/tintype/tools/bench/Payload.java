// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The bytes of every version of every key, derived from a seed, so that whoever knows the seed can verify a read without
 * having kept what was written.
 *
 * <p>One random block is repeated from an offset that key and version decide; its length is a prime, so that no two
 * chunks or frames of a blob are alike and swapped ones are seen. The first bytes are a stamp of key, version and size (as
 * far as they fit), which tells which version a read returned. Producing and comparing cost little more than copying.
 *
 * <p>Immutable and thread-safe.
 */
final class Payload {
    /** Largest payload: it is held in one array. */
    static final int MAX_BYTES = 256 << 20;

    /** Bytes of the stamp: magic, key, version, size. */
    static final int STAMP_BYTES = 16;

    private static final int MAGIC = 0x54494e54;

    /** A prime just over 1 MiB. */
    private static final int PERIOD = 1_048_583;

    private final long seed;

    /** Two periods, so that any stretch of one period's length can be copied at once. */
    private final byte[] block;

    Payload(long seed) {
        this.seed = seed;
        var random = new SplittableRandom(seed);
        var period = new byte[PERIOD];
        random.nextBytes(period);
        block = Arrays.copyOf(period, 2 * PERIOD);
        System.arraycopy(period, 0, block, PERIOD, PERIOD);
    }

    /** A number in [0, 1) that a key and its version decide: which place it takes in the size mix. */
    double place(int key, int version) {
        return (mix(key, version, 1) >>> 11) * 0x1.0p-53;
    }

    /** The bytes of a version of a key. */
    byte[] bytes(int key, int version, int size) {
        var bytes = new byte[size];
        int offset = offset(key, version);
        for (int done = 0; done < size; ) {
            int length = Math.min(PERIOD, size - done);
            System.arraycopy(block, offset, bytes, done, length);
            done += length;
        }
        var stamp = stamp(key, version, size);
        System.arraycopy(stamp, 0, bytes, 0, Math.min(size, STAMP_BYTES));
        return bytes;
    }

    /** The version that a payload says it is; -1 where it bears no stamp of that key, or is too short for one. */
    int stampedVersion(int key, byte[] bytes) {
        if (bytes.length < STAMP_BYTES) {
            return -1;
        }
        var stamp = ByteBuffer.wrap(bytes);
        return stamp.getInt() == MAGIC && stamp.getInt() == key ? stamp.getInt() : -1;
    }

    /** The first position at which bytes differ from a version of a key, or -1 where they are that version. */
    int firstDifference(int key, int version, int size, byte[] bytes) {
        if (bytes.length != size) {
            return Math.min(bytes.length, size);
        }
        int stamped = Math.min(size, STAMP_BYTES);
        int inStamp = Arrays.mismatch(stamp(key, version, size), 0, stamped, bytes, 0, stamped);
        if (inStamp >= 0) {
            return inStamp;
        }
        int offset = offset(key, version);
        int done = stamped;
        while (done < size) {
            int into = done % PERIOD;
            int length = Math.min(PERIOD - into, size - done);
            int from = offset + into;
            int at = Arrays.mismatch(block, from, from + length, bytes, done, done + length);
            if (at >= 0) {
                return done + at;
            }
            done += length;
        }
        return -1;
    }

    private int offset(int key, int version) {
        return (int) Long.remainderUnsigned(mix(key, version, 2), PERIOD);
    }

    private static byte[] stamp(int key, int version, int size) {
        return ByteBuffer.allocate(STAMP_BYTES)
                .putInt(MAGIC)
                .putInt(key)
                .putInt(version)
                .putInt(size)
                .array();
    }

    private long mix(int key, int version, int purpose) {
        long identity = ((long) key << 32) | (version & 0xffffffffL);
        return new SplittableRandom(seed ^ (identity * 0x9E3779B97F4A7C15L) ^ purpose).nextLong();
    }
}
