// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.Refusal;

/** A follower's end of a replication stream. Thread-safe; never blocks. */
public interface PrimaryLink {
    /** Acknowledges. */
    void ack(Ack ack);

    /** Refuses what came and ends the stream. */
    void refuse(Refusal refusal);

    /** Nothing came over the stream: the next one to that node goes over another connection. {@link #close} follows. */
    void stalled();

    /** Ends the stream; nothing is told to {@link Events} any more. */
    void close();

    /** What comes over the stream, one call at a time, on a thread of the transport; must not block. */
    interface Events {
        /** The primary takes us on. */
        void attached(Attach attach);

        /** Records came; the next batch comes after {@link ReceivedBatch#taken}. */
        void received(ReceivedBatch batch);

        /** The primary refused us; the stream is over. */
        void refused(Refusal refusal);

        /**
         * The stream ended, or could not be opened. The last call.
         *
         * @param refused nothing listens at the primary's address
         */
        void lost(boolean refused);
    }
}
