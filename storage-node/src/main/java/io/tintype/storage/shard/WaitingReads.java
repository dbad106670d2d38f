// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaCore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads that wait for a record to be applied. Confined to the shard's loop. */
final class WaitingReads {
    private record Waiting(LogPosition token, CompletableFuture<Void> reached) {}

    private final List<Waiting> waiting = new ArrayList<>();

    /** Completes once the record is applied; refused when too many wait. The caller bounds the time. */
    void await(LogPosition token, ReplicaCore core, CompletableFuture<Void> reached) {
        if (core.hasApplied(token)) {
            reached.complete(null);
            return;
        }
        waiting.removeIf(read -> read.reached().isDone());
        if (waiting.size() >= ShardLimits.WAITING_READS) {
            reached.completeExceptionally(new TintypeException(
                    Reason.OVERLOADED, "more than " + ShardLimits.WAITING_READS + " reads wait for this shard"));
            return;
        }
        waiting.add(new Waiting(token, reached));
    }

    /** Records were applied. */
    void check(ReplicaCore core) {
        if (!waiting.isEmpty()) {
            waiting.removeIf(read -> read.reached().isDone()
                    || (core.hasApplied(read.token()) && read.reached().complete(null)));
        }
    }

    void failAll(TintypeException failure) {
        waiting.forEach(read -> read.reached().completeExceptionally(failure));
        waiting.clear();
    }
}
