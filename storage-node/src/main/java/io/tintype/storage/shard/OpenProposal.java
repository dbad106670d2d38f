// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.Proposal;
import io.tintype.trace.Trace;
import java.util.concurrent.CompletableFuture;

/**
 * A proposal on its way. Its place is set by the loop before anyone else sees it again.
 *
 * <p>Handed from thread to thread, never shared: caller, loop, apply thread.
 */
final class OpenProposal {
    final Proposal proposal;
    /** {@link ShardReplica#emptied}, under which the chunks it names were here. */
    final int emptied;

    final CompletableFuture<Committed> result = new CompletableFuture<>();
    final long sinceNanos;
    /** How many bytes it keeps in memory until it is applied, about. */
    final int bytes;
    /** From here until it is applied. */
    final Trace trace = Trace.current().child("replicate");

    long seq;

    OpenProposal(Proposal proposal, int emptied, long sinceNanos) {
        this.proposal = proposal;
        this.emptied = emptied;
        this.sinceNanos = sinceNanos;
        var inline = proposal.inline();
        this.bytes = ShardLimits.RECORD_OVERHEAD_BYTES
                + proposal.payload().size()
                + (inline == null ? 0 : inline.chunk().data().size());
    }
}
