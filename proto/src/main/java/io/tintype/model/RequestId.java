// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/**
 * Names one request over all its retries: a change with the same id is applied once within {@link
 * Limits#DEDUP_WINDOW}.
 *
 * <p>Immutable; 128 bits, to be chosen at random.
 */
public record RequestId(long high, long low) {
    /** Size on the wire and on disk. */
    public static final int BYTES = 16;

    /** Draws an id. */
    public static RequestId random(RandomGenerator random) {
        return new RequestId(random.nextLong(), random.nextLong());
    }

    /**
     * Reads the 16 bytes that {@link #toBytes} wrote.
     *
     * @throws TintypeException INVALID_ARGUMENT when they are not 16
     */
    public static RequestId of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "request_id has " + bytes.length + " bytes; give exactly " + BYTES + ", chosen at random");
        }
        var buffer = ByteBuffer.wrap(bytes);
        return new RequestId(buffer.getLong(), buffer.getLong());
    }

    /** Big-endian, high half first. */
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
