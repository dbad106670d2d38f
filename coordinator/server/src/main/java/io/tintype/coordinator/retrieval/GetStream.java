// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.model.TintypeException;

/**
 * A blob on its way to whoever asked for it. Thread-safe.
 *
 * <p>The bytes of a message are the listener's to read until he calls {@link #demand}, {@link #release} or {@link #cancel}:
 * after that they may be overwritten. One of the last two must come in the end.
 */
public interface GetStream {
    /** Asks for one more message; the bytes of the one before are no longer needed. */
    void demand();

    /** The bytes of the last message are no longer needed. May be called again. */
    void release();

    /** The caller has gone: gives the read up, and tells the listener no more. */
    void cancel(String why);

    /**
     * Is told how the read goes on. Calls come one at a time, on any thread, and must not block.
     *
     * @param <A> how messages are handed over
     */
    interface Listener<A> {
        /** A message that was asked for. */
        void onMessage(A message);

        /** There are no more messages; the last call. */
        void onEnd();

        /** Nothing more will come; the last call. */
        void onFailed(TintypeException failure);
    }
}
