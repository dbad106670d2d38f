// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A snapshot being sent to another node. Thread-safe; never blocks. */
public interface OutgoingSnapshot extends AutoCloseable {
    /** What it is of. */
    SnapshotHead head();

    /**
     * The next part, as soon as the node may send it and it is read; empty: that was all. Not to be called again
     * before the last one came. Fails where something cannot be read, or the replica is being closed. Where it succeeds, it
     * completes on a thread that may be busy with the part for a while.
     */
    CompletableFuture<Optional<SnapshotPart>> next();

    /** Gives the snapshot up. */
    @Override
    void close();
}
