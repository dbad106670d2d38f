// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.nio.ByteBuffer;

/**
 * A blob, or the stretch of it that was asked for, in memory. Its bytes have passed every checksum.
 *
 * <p>Safe to share between threads as long as nobody writes into {@link #bytes}.
 */
public final class Blob {
    private final BlobInfo info;
    private final Freshness freshness;
    private final byte[] bytes;
    private final boolean shared;

    Blob(BlobInfo info, Freshness freshness, byte[] bytes, boolean shared) {
        this.info = info;
        this.freshness = freshness;
        this.bytes = bytes;
        this.shared = shared;
    }

    /** What is known of this version. Its size is that of the whole blob, also where a range was read. */
    public BlobInfo info() {
        return info;
    }

    /** How fresh the answer is; always current unless the read allowed otherwise. */
    public Freshness freshness() {
        return freshness;
    }

    /** The bytes. Yours to change: no other reader sees it. */
    public byte[] bytes() {
        return shared ? bytes.clone() : bytes;
    }

    /** The bytes, read-only and never copied. */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Number of bytes here. */
    public int length() {
        return bytes.length;
    }

    @Override
    public String toString() {
        return "Blob[" + info + ", " + bytes.length + " bytes]";
    }
}
