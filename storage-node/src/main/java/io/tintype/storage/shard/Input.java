// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What is posted to a shard's loop. */
sealed interface Input {
    /** Something for the core alone. */
    record Event(ReplicaEvent event) implements Input {}

    /** A proposal that was let in. */
    record Proposed(OpenProposal proposal) implements Input {}

    /** Records from the primary, with all chunks they name. */
    record Received(long stream, ReceivedBatch batch) implements Input {}

    /** A primary's beat, to be answered at once or not at all. */
    record Beaten(NodeId from, Beat beat, @Nullable Now sentAfter, CompletableFuture<Optional<BeatAnswer>> answer)
            implements Input {}

    /** A follower acknowledged; what stands in {@code newest} when the loop comes to it. */
    record Acked(long stream, AtomicReference<@Nullable Ack> newest) implements Input {}

    /** Something to run on the loop, between steps. */
    record Task(Runnable work) implements Input {}
}
