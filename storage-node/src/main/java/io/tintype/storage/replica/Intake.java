// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.List;
import java.util.Optional;

/** Takes a primary's proposals into the log and sends them on, or says why they are not taken. Confined to the shard's loop. */
final class Intake {
    private final Context context;
    private final long epoch;
    private final Followers followers;

    Intake(Context context, long epoch, Followers followers) {
        this.context = context;
        this.epoch = epoch;
        this.followers = followers;
    }

    /** @param leads whether this replica takes writes as a primary at all now */
    void propose(ReplicaEvent.Propose proposal, boolean leads, ShardConfig config) {
        var refusal = refusal(proposal.handles().size(), leads, config);
        if (refusal.isPresent()) {
            context.act(new ReplicaAction.FailProposals(proposal.handles(), refusal.get()));
            return;
        }
        var journal = context.journal;
        long first = journal.lastSeq() + 1;
        followers.aboutToAppend();
        journal.append(List.of(), journal.lastSeq() + proposal.handles().size());
        context.act(new ReplicaAction.AppendProposals(epoch, first, proposal.handles()));
        followers.appended();
        followers.fillAll(config.cfg());
    }

    private Optional<Rejection> refusal(int count, boolean leads, ShardConfig config) {
        if (!leads) {
            return Optional.of(Rejection.NOT_PRIMARY);
        }
        if (config.lifecycle() != ShardLifecycle.ACTIVE) {
            return Optional.of(Rejection.READ_ONLY);
        }
        if (!config.hasEnoughInSync() && context.keeps(Rule.NO_COMMIT_BELOW_MINIMUM)) {
            return Optional.of(Rejection.NOT_ENOUGH_REPLICAS);
        }
        long open = context.journal.lastSeq() - context.journal.committed();
        return open + count > ReplicaLimits.UNCOMMITTED_RECORDS ? Optional.of(Rejection.OVERLOADED) : Optional.empty();
    }
}
