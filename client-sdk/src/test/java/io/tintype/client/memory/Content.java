// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;

/** A blob's bytes: held, or made up from their position so that huge blobs take no memory. */
public interface Content {
    /** Number of bytes. */
    long size();

    /** CRC32C of all. */
    int crc();

    /** Some of them. */
    ByteString slice(long offset, int length);

    /** Bytes that are held. */
    static Content of(ByteString bytes) {
        return new Content() {
            @Override
            public long size() {
                return bytes.size();
            }

            @Override
            public int crc() {
                return Crc32c.of(bytes);
            }

            @Override
            public ByteString slice(long offset, int length) {
                return bytes.substring((int) offset, (int) offset + length);
            }
        };
    }

    /** Only their number and checksum: what is left of an upload too large to hold. */
    static Content forgotten(long size, int crc) {
        return new Content() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public int crc() {
                return crc;
            }

            @Override
            public ByteString slice(long offset, int length) {
                throw new UnsupportedOperationException("the bytes were not held");
            }
        };
    }

    /** {@code size} bytes, a multiple of 256 KiB, all frames alike. */
    static Content repeated(long size) {
        byte[] frame = new byte[256 << 10];
        for (int i = 0; i < frame.length; i++) {
            frame[i] = (byte) (i * 31 ^ i >>> 8);
        }
        var sum = new Crc32c.Running();
        int frameCrc = Crc32c.of(frame);
        for (long at = 0; at < size; at += frame.length) {
            sum.add(frameCrc, frame.length);
        }
        int crc = sum.crc();
        return new Content() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public int crc() {
                return crc;
            }

            @Override
            public ByteString slice(long offset, int length) {
                int at = (int) (offset % frame.length);
                return UnsafeByteOperations.unsafeWrap(frame, at, Math.min(length, frame.length - at));
            }
        };
    }
}
