// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.replica.Rejection;
import io.tintype.storage.replica.ReplicaAction;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The proposals of a shard from the moment they are let in until they are applied or have failed.
 *
 * <p>{@link #admit} may be called from any thread; everything else is confined to the shard's loop.
 */
final class ProposalBook {
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);

    private final ShardIdentity identity;
    private final UploadRoom room;
    private final ByteBudget budget;
    private final ShardMetrics metrics;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Map<Long, OpenProposal> offered = new HashMap<>();
    private final ArrayDeque<OpenProposal> appended = new ArrayDeque<>();
    private long lastHandle;

    ProposalBook(ShardIdentity identity, UploadRoom room, ByteBudget budget, ShardMetrics metrics) {
        this.identity = identity;
        this.room = room;
        this.budget = budget;
        this.metrics = metrics;
    }

    /**
     * Lets a proposal in, to be counted until its result is there.
     *
     * @param emptied as for {@link ShardReplica#propose(Proposal, int)}
     * @throws TintypeException OVERLOADED, DISK_FULL, UNAVAILABLE, or INVALID_ARGUMENT where no record can hold it;
     *     with nothing done
     */
    OpenProposal admit(Proposal proposal, int emptied) {
        checkSize(proposal);
        var open = new OpenProposal(proposal, emptied, System.nanoTime());
        room.admit(proposal.type(), open.bytes);
        if (inFlight.incrementAndGet() > ShardLimits.PROPOSALS) {
            inFlight.decrementAndGet();
            throw overloaded(ShardLimits.PROPOSALS + " changes");
        }
        if (!budget.tryTake(open.bytes)) {
            inFlight.decrementAndGet();
            throw overloaded(budget.limit() + " bytes of changes on this node");
        }
        var unused = open.result.whenComplete((committed, failure) -> {
            inFlight.decrementAndGet();
            budget.give(open.bytes);
            open.trace.end(failure);
        });
        return open;
    }

    /** A record that cannot be written down would fail the replica, and then every one that leads after it. */
    private void checkSize(Proposal proposal) {
        int bytes = proposal.payload().size();
        int most = LogCodec.maxPayloadBytes(proposal.user());
        if (bytes > most) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "a change of type " + proposal.type() + " on shard " + identity.id() + " has " + bytes
                            + " bytes; a record of the log holds " + most);
        }
    }

    /**
     * Names proposals for the core. Those whose chunks were here before all that is here was replaced fail: once in the log, a
     * record whose chunks are gone would hold up all behind it.
     *
     * @param emptied {@link ShardReplica#emptied} now; the loop, which calls this, is who changes it
     */
    List<Long> offer(List<OpenProposal> proposals, int emptied) {
        var handles = new ArrayList<Long>(proposals.size());
        for (var proposal : proposals) {
            if (proposal.emptied != emptied) {
                fail(proposal, chunksGone());
                continue;
            }
            handles.add(++lastHandle);
            offered.put(lastHandle, proposal);
        }
        return handles;
    }

    /** The proposals that the core wants appended, with their places set. */
    List<OpenProposal> append(ReplicaAction.AppendProposals action) {
        var proposals = new ArrayList<OpenProposal>(action.handles().size());
        long seq = action.firstSeq();
        for (long handle : action.handles()) {
            var proposal = offered.remove(handle);
            if (proposal == null) {
                throw new IllegalStateException("nobody proposed " + handle);
            }
            proposal.seq = seq++;
            proposals.add(proposal);
        }
        appended.addAll(proposals);
        return proposals;
    }

    /** Hands over the proposals up to a record, which are committed. */
    List<OpenProposal> takeCommitted(long upTo) {
        var first = appended.peek();
        if (first == null || first.seq > upTo) {
            return List.of();
        }
        var taken = new ArrayList<OpenProposal>();
        while ((first = appended.peek()) != null && first.seq <= upTo) {
            taken.add(appended.remove());
        }
        return taken;
    }

    void fail(ReplicaAction.FailProposals action, ShardStatus status) {
        for (long handle : action.handles()) {
            var proposal = offered.remove(handle);
            if (proposal != null) {
                fail(proposal, failure(action.reason(), status));
            }
        }
    }

    /** Those appended and not committed may or may not survive. */
    void failOpen() {
        OpenProposal proposal;
        while ((proposal = appended.poll()) != null) {
            fail(proposal, unknown());
        }
    }

    /** The shard stops here. */
    void close() {
        failOpen();
        offered.values().forEach(proposal -> fail(proposal, unknown()));
        offered.clear();
    }

    /** As a failure of {@link ShardReplica#propose}, counted. */
    CompletableFuture<Committed> refuse(TintypeException refusal) {
        metrics.failed(refusal.reason());
        return CompletableFuture.failedFuture(refusal);
    }

    private void fail(OpenProposal proposal, TintypeException failure) {
        metrics.failed(failure.reason());
        proposal.result.completeExceptionally(failure);
    }

    private TintypeException failure(Rejection rejection, ShardStatus status) {
        return switch (rejection) {
            case NOT_PRIMARY -> Refusals.notLeading(status);
            case NOT_ENOUGH_REPLICAS ->
                new TintypeException(
                        Reason.NOT_ENOUGH_REPLICAS,
                        "shard " + identity.id() + " has " + status.inSync().size()
                                + " in-sync replicas, and a write needs " + status.minInSync()
                                + "; bring the missing nodes back",
                        RETRY_AFTER);
            case OVERLOADED -> overloaded("the records that may wait for their commit");
            case READ_ONLY ->
                new TintypeException(Reason.UNAVAILABLE, "shard " + identity.id() + " takes no writes at the moment");
            case OUTCOME_UNKNOWN -> unknown();
        };
    }

    private TintypeException chunksGone() {
        return new TintypeException(
                Reason.UNAVAILABLE,
                "the replica of shard " + identity.id()
                        + " here was replaced by a snapshot while the change was made, and what"
                        + " was staged for it may be gone; begin it again",
                RETRY_AFTER);
    }

    private TintypeException unknown() {
        return new TintypeException(
                Reason.OUTCOME_UNKNOWN,
                "shard " + identity.id() + " lost its primary or too many replicas while the change was made; repeat it"
                        + " under the same request id to learn of it",
                RETRY_AFTER);
    }

    private TintypeException overloaded(String limit) {
        return new TintypeException(
                Reason.OVERLOADED,
                "shard " + identity.id() + " is at its limit of " + limit + " in flight; try again a little later",
                RETRY_AFTER);
    }
}
