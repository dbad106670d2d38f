// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.nio.ByteBuffer;

/**
 * Names the chunks of one upload, and afterwards of the version they became. Ordered by time, so that chunks written
 * together lie together on disk, and so that the age of an upload can be read off its id.
 *
 * <p>Immutable.
 *
 * @param timeMs when the upload began, milliseconds since 1970, not negative
 * @param random tells uploads of the same millisecond apart
 */
public record UploadId(long timeMs, long random) implements Comparable<UploadId> {
    /** Size on the wire and on disk. */
    public static final int BYTES = 16;

    public UploadId {
        if (timeMs < 0) {
            throw new TintypeException(Reason.INVALID_ARGUMENT, "upload_id was not given by this cluster");
        }
    }

    /**
     * Reads the 16 bytes that {@link #toBytes} wrote.
     *
     * @throws TintypeException INVALID_ARGUMENT when they cannot be an upload id
     */
    public static UploadId of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "upload_id has " + bytes.length + " bytes; give the " + BYTES + " that StartUpload answered");
        }
        var buffer = ByteBuffer.wrap(bytes);
        return new UploadId(buffer.getLong(), buffer.getLong());
    }

    /** Big-endian, time first, so that order of bytes is order of time. */
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES).putLong(timeMs).putLong(random).array();
    }

    @Override
    public int compareTo(UploadId other) {
        int byTime = Long.compare(timeMs, other.timeMs);
        return byTime != 0 ? byTime : Long.compareUnsigned(random, other.random);
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", timeMs, random);
    }
}
