// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.proto.v1.GetResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message of a read, whose image bytes may still stand in the transport's own memory: they are copied once, to where
 * they are wanted, instead of three times on the way there.
 *
 * <p>Memory is never lent beyond the transport's call: before that returns, {@link #giveBack} makes a copy of what nobody has
 * taken yet. So a message that nobody ever asks for is no leak. Thread-safe.
 */
final class Received {
    private final GetResponse message;

    // Guarded by this.
    private Pieces data;
    private @Nullable InputStream lender;
    private boolean taken;

    private Received(GetResponse message, Pieces data, @Nullable InputStream lender) {
        this.message = message;
        this.data = data;
        this.lender = lender;
    }

    /**
     * A message that owns its memory.
     *
     * @param message all of it
     */
    static Received owned(GetResponse message) {
        return new Received(message, Pieces.of(message.getFrame().getData()), null);
    }

    /**
     * A message whose image bytes are lent.
     *
     * @param message all but them
     * @param data they
     * @param lender is closed when they are not needed any more
     */
    static Received lent(GetResponse message, Pieces data, InputStream lender) {
        return new Received(message, data, lender);
    }

    /** What it says; the bytes of its frame may be missing, {@link #take} gives them. */
    GetResponse message() {
        return message;
    }

    /** What is done with the bytes of a message. */
    @FunctionalInterface
    interface Taker<T> {
        /** Uses them; keeps none of them. */
        T take(Pieces data);
    }

    /** Uses the bytes, which stay where they are meanwhile. Once. */
    synchronized <T> T take(Taker<T> taker) {
        taken = true;
        return taker.take(data);
    }

    /** The transport wants its memory back. */
    synchronized void giveBack() {
        if (lender == null) {
            return;
        }
        data = Pieces.of(taken ? List.of() : List.of(ByteBuffer.wrap(data.toArray())));
        try {
            lender.close();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "giving a message's memory back failed", e); // it is memory: it does not fail
        }
        lender = null;
    }
}
