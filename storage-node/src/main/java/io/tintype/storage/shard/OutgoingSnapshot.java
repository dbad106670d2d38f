// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import java.util.Optional;

/** A snapshot being sent to another node. Thread-safe; never blocks. */
public interface OutgoingSnapshot extends AutoCloseable {
    /** What it is of. */
    SnapshotHead head();

    /**
     * Has the next part read, as soon as the node may send it. Not to be called again before the taker was told of the last one. Fails
     * where something cannot be read, or the replica is being closed.
     */
    void next(PartTaker taker);

    /** Who sends the parts. */
    interface PartTaker {
        /**
         * The next part; empty: that was all. Called on a thread that may be busy with it for a while, and never within the call that asked.
         */
        void part(Optional<SnapshotPart> part);

        /** Nothing more comes. Called on any thread. */
        void failed(Throwable why);
    }

    /** Gives the snapshot up. */
    @Override
    void close();
}
