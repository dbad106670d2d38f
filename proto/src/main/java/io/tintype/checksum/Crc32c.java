// SPDX-License-Identifier: Apache-2.0
package io.tintype.checksum;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * CRC32C (Castagnoli) of bytes in any shape, without copying them.
 *
 * <p>Stateless and thread-safe, but for {@link Running}.
 */
public final class Crc32c {
    /** The polynomial, bits reversed. */
    private static final int POLYNOMIAL = 0x82F63B78;

    /** Checksum of no bytes. */
    public static final int EMPTY = 0;

    private Crc32c() {}

    /** Of a whole array. */
    public static int of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /** Of a part of an array. */
    public static int of(byte[] bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    /** Of what remains in a buffer, whose position stays where it is. */
    public static int of(ByteBuffer bytes) {
        var crc = new CRC32C();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    /** Of a byte string, piece by piece where it consists of several. */
    public static int of(ByteString bytes) {
        return of(bytes.asReadOnlyByteBufferList());
    }

    /** Of what remains in buffers, one behind the other, whose positions stay where they are. */
    public static int of(List<ByteBuffer> pieces) {
        var crc = new CRC32C();
        for (var piece : pieces) {
            crc.update(piece.duplicate());
        }
        return (int) crc.getValue();
    }

    /**
     * The checksum of A followed by B, from those of A and B: appending n zero bytes to A is a linear map over GF(2),
     * which is raised to the n-th power by squaring (as zlib's {@code crc32_combine} does for another polynomial).
     *
     * @param first checksum of A
     * @param second checksum of B
     * @param secondLength number of bytes in B, not negative
     */
    public static int combine(int first, int second, long secondLength) {
        if (secondLength < 0) {
            throw new IllegalArgumentException("length " + secondLength);
        }
        return multiply(zeros(secondLength), first) ^ second;
    }

    /** x^(8n) modulo the polynomial: what n zero bytes do to a checksum. */
    private static int zeros(long bytes) {
        int result = 1 << 31; // x^0: bits are reversed
        int square = 1 << 23; // x^8
        for (long n = bytes; n != 0; n >>>= 1) {
            if ((n & 1) != 0) {
                result = multiply(square, result);
            }
            square = multiply(square, square);
        }
        return result;
    }

    /** Product of two polynomials modulo the polynomial. */
    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bit = 31; bit >= 0; bit--) {
            if ((a >>> bit & 1) != 0) {
                product ^= shifted;
            }
            shifted = (shifted & 1) != 0 ? shifted >>> 1 ^ POLYNOMIAL : shifted >>> 1;
        }
        return product;
    }

    /** The checksum of a whole, built up from those of its parts in order. Not thread-safe. */
    public static final class Running {
        private int crc = EMPTY;
        private long length;

        /** Adds the next part, of which checksum and length are known. */
        public void add(int partCrc, long partLength) {
            crc = combine(crc, partCrc, partLength);
            length += partLength;
        }

        /** Checksum of all parts so far. */
        public int crc() {
            return crc;
        }

        /** Number of bytes so far. */
        public long length() {
            return length;
        }
    }
}
