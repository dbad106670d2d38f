// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what comes of leading, of leading no longer, and of standing for election. Confined to the shard's loop. */
final class RoleActions {
    private static final Logger log = LoggerFactory.getLogger(RoleActions.class);

    private final ShardContext context;
    private final ShardIdentity identity;
    private final ProposalBook proposals;
    private final Standing standing;
    private final HeadWatches heads;
    private final Consumer<ReplicaEvent> events;
    private int beatsForLeases;

    /** @param events takes events for the core, from any thread */
    RoleActions(
            ShardContext context,
            ShardIdentity identity,
            ProposalBook proposals,
            Standing standing,
            HeadWatches heads,
            Consumer<ReplicaEvent> events) {
        this.context = context;
        this.identity = identity;
        this.proposals = proposals;
        this.standing = standing;
        this.heads = heads;
        this.events = events;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof ReplicaAction.FailProposals fail) {
            proposals.fail(fail, standing.status());
        } else if (action instanceof ReplicaAction.FailOpenProposals) {
            proposals.failOpen();
        } else if (action instanceof ReplicaAction.BecamePrimary became) {
            log.info("shard {}: this replica leads in epoch {}", identity.id(), became.epoch());
            context.metrics().becamePrimary();
            standing.leads(became.epoch());
            beatsForLeases = 0;
            context.peers().beatSoon();
        } else if (action instanceof ReplicaAction.SteppedDown down) {
            log.info("shard {}: this replica leads no longer; its epoch was {}", identity.id(), down.epoch());
            standing.leadsNoLonger();
            heads.end(Refusals.notLeading(standing.status()));
        } else if (action instanceof ReplicaAction.AskBallot ask) {
            askBallot(ask);
        } else if (action instanceof ReplicaAction.SendHandover handover) {
            context.peers().handOver(identity.id(), handover.to(), handover.epoch());
        } else {
            return false;
        }
        return true;
    }

    /**
     * Time passed. While no read may be served, beats again, a while: the first beat may have come before others had heard of the epoch,
     * or somebody's lease may be needed who was not asked yet.
     */
    void ticked() {
        if (!standing.leadsWithoutServing()) {
            beatsForLeases = 0;
        } else if (beatsForLeases < ShardLimits.BEATS_FOR_LEASES) {
            beatsForLeases++;
            context.peers().beatSoon();
        }
    }

    private void askBallot(ReplicaAction.AskBallot ask) {
        var unused = context.peers()
                .askBallot(identity.id(), ask.to(), ask.ballot())
                .whenComplete((given, failure) -> events.accept(
                        given != null
                                ? new ReplicaEvent.BallotAnswered(ask.to(), given)
                                : new ReplicaEvent.BallotFailed(
                                        ask.to(), ask.ballot().round())));
    }
}
