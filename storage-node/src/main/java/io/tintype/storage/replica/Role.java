// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * How a replica behaves in its present state; events that mean nothing to a state are ignored, and late ones are
 * normal. Confined to the shard's loop.
 */
abstract sealed class Role permits Following, Campaigning, Leading, Failed {
    final Context context;

    Role(Context context) {
        this.context = context;
    }

    abstract ReplicaState state();

    void enter() {}

    void leave() {}

    void tick() {}

    /** The context knows a newer configuration than before. */
    abstract void configChanged(VersionedConfig found);

    /** Somebody else's higher epoch was promised. */
    abstract void outranked();

    /** The primary of the promised epoch was heard. */
    abstract void heardPrimary(ReplicaEvent.BeatReceived event);

    /** The primary of the promised epoch was heard, and hears too few others. */
    void heardDeafPrimary() {}

    /** Whether this replica would agree to the election of somebody else now. */
    abstract boolean agreesTo(Ballot ballot);

    void persisted() {}

    void promisePersisted() {}

    void applied() {}

    void configRead(ReplicaEvent.ConfigRead answer) {}

    void configReadFailed(long ticket) {}

    void casAnswered(ReplicaEvent.CasAnswered answer) {}

    void propose(ReplicaEvent.Propose proposal) {
        context.act(new ReplicaAction.FailProposals(proposal.handles(), Rejection.NOT_PRIMARY));
    }

    void transferAsked(ReplicaEvent.TransferAsked asked) {
        context.answerOrder(asked.ticket(), OrderOutcome.NOT_PRIMARY);
    }

    /** As if it were none of this state's business: it cannot be done now. */
    void forceAsked(long ticket) {
        context.answerOrder(ticket, OrderOutcome.BUSY);
    }

    /** The process is going to end. */
    void leaveAsked() {}

    void ballotAnswered(ReplicaEvent.BallotAnswered answer) {}

    void ballotFailed(ReplicaEvent.BallotFailed failed) {}

    void helloReceived(ReplicaEvent.HelloReceived event) {
        context.earlyHellos.refuse(event);
    }

    void ackReceived(ReplicaEvent.AckReceived event) {}

    void followerLost(ReplicaEvent.FollowerLost event) {}

    void beatAnswered(ReplicaEvent.BeatAnswered event) {}

    void attachReceived(ReplicaEvent.AttachReceived event) {}

    void appendReceived(ReplicaEvent.AppendReceived event) {}

    void refuseReceived(ReplicaEvent.RefuseReceived event) {}

    void primaryLost(ReplicaEvent.PrimaryLost event) {}

    void logAged(ReplicaEvent.LogAged event) {}

    /** A snapshot that nobody waits for any more is declined. */
    void snapshotOffered(ReplicaEvent.SnapshotOffered event) {
        context.act(new ReplicaAction.DeclineSnapshot(event.stream()));
    }

    void snapshotInstalled(ReplicaEvent.SnapshotInstalled event) {}

    void snapshotFailed(ReplicaEvent.SnapshotFailed event) {}
}
