// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import io.tintype.model.TintypeException;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;

/**
 * An upload under way, as seen by whoever brings its messages. Thread-safe.
 *
 * <p>One message at a time: the next one may be sent only when {@link Listener#onDemand} has asked for it.
 */
public interface PutStream {
    /** Hands over the message that was asked for. */
    void send(PutRequest message);

    /** There are no more messages. */
    void end();

    /** The caller has gone: gives the upload up, and tells the listener no more. */
    void cancel(String why);

    /** Is told how the upload goes on. Calls come one at a time, on any thread, and must not block. */
    interface Listener {
        /** One more message is wanted, or the end. */
        void onDemand();

        /** The blob is stored; the last call. */
        void onStored(PutResponse response);

        /** Nothing more will come of it; the last call. */
        void onFailed(TintypeException failure);
    }
}
