// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a shard's loop: what came in, in order, and the proposals among it, which are offered to the core together.
 * Bounded by what may be posted: proposals by count and bytes, messages of peers one a stream. Confined to the shard's loop.
 */
final class Backlog {
    private final ArrayDeque<Input> waiting = new ArrayDeque<>();
    private List<OpenProposal> offers = new ArrayList<>();

    void add(List<Input> batch) {
        waiting.addAll(batch);
    }

    /** The next one; null: none waits. */
    @Nullable
    Input poll() {
        return waiting.poll();
    }

    void offer(OpenProposal proposal) {
        offers.add(proposal);
    }

    boolean hasOffers() {
        return !offers.isEmpty();
    }

    /** All proposals since the last call. */
    List<OpenProposal> takeOffers() {
        var taken = offers;
        offers = new ArrayList<>();
        return taken;
    }

    /** The replica ends: nothing that waits is looked at any more. */
    void refuse(ShardId shard) {
        takeOffers().forEach(offer -> offer.result.completeExceptionally(Refusals.closing(shard)));
        Input input;
        while ((input = waiting.poll()) != null) {
            if (input instanceof Input.Proposed proposed) {
                proposed.proposal().result.completeExceptionally(Refusals.closing(shard));
            } else if (input instanceof Input.Beaten beaten) {
                beaten.answer().complete(Optional.empty());
            }
        }
    }
}
