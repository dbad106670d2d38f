// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.function.Supplier;

/**
 * Leads an epoch: first waits until its own grants to earlier primaries have run out, then opens the epoch in the log,
 * takes proposals, replicates, commits ({@link Commitment}), and keeps the in-sync set true to who is there ({@link
 * Reconfiguration}).
 */
final class Leading extends Role {
    private final long epoch;
    private final Followers followers;
    private final Commitment commitment;
    private final Reconfiguration reconfiguration;
    private final Leases leases;
    private final Opening opening;
    private final Retention retention;
    private final Joining joining;
    private final Intake intake;

    Leading(Context context, long epoch) {
        super(context);
        this.epoch = epoch;
        this.followers = new Followers(context, epoch);
        this.commitment = new Commitment(context, followers);
        this.reconfiguration = new Reconfiguration(context, epoch, followers);
        this.leases = new Leases(context);
        this.opening = new Opening(context, epoch);
        this.retention = new Retention(context, followers);
        this.joining = new Joining(context, epoch, followers);
        this.intake = new Intake(context, epoch, followers);
    }

    @Override
    ReplicaState state() {
        return opening.isOpen() ? ReplicaState.PRIMARY : ReplicaState.PRIMARY_ELECT;
    }

    long epoch() {
        return epoch;
    }

    private ShardConfig config() {
        var found = context.config();
        if (found == null) {
            throw new IllegalStateException("nobody leads a shard without a configuration");
        }
        return found.config();
    }

    // ---- taking over and stepping down

    @Override
    void enter() {
        context.promise(epoch);
        promisePersisted();
    }

    private void open() {
        if (opening.attempt(config().losses())) {
            leases.changed();
            followers.fillAll(config().cfg());
        }
    }

    @Override
    void leave() {
        followers.dropAll();
        if (opening.isOpen()) {
            context.act(new ReplicaAction.FailOpenProposals());
            context.act(new ReplicaAction.SteppedDown(epoch));
        }
        reconfiguration.end();
    }

    @Override
    void outranked() {
        context.become(new Following(context));
    }

    @Override
    void heardPrimary(ReplicaEvent.BeatReceived event) {}

    @Override
    void promisePersisted() {
        open();
        if (context.promises.mayAnswer()) {
            context.earlyHellos.take().forEach(this::helloReceived);
        }
    }

    @Override
    void tick() {
        open();
        if (!opening.isOpen()) {
            return;
        }
        followers.tellCommitted(config().cfg());
        context.trimming.to(retention.needlessUpTo(config()));
        ask(() -> reconfiguration.tick(config(), opening.logEndAtElection()));
    }

    /** Goes on with changes of the configuration; what may be served goes by whether one is asked for. */
    private void ask(Runnable step) {
        boolean asking = reconfiguration.asked() != null;
        step.run();
        if (!asking && reconfiguration.asked() != null) {
            leases.changed();
        }
    }

    /** Refuses while it can still do its work; a primary that nobody hears any more lets others try. */
    @Override
    boolean agreesTo(Ballot ballot) {
        return opening.isOpen() && ballot.epoch() >= epoch && isDeaf();
    }

    /** Whether too few members were heard lately for any write: others, who may hear each other, should try. */
    private boolean isDeaf() {
        return followers.heard(config()) < config().minInSync();
    }

    /** Whether somebody could take over, or is about to; a new primary has not met its followers yet. */
    boolean canHandOver() {
        return reconfiguration.canHandOver(config());
    }

    boolean canGiveRoom() {
        return reconfiguration.handover().isUnderWay()
                || reconfiguration.handover().anybodyCanTakeOver(config());
    }

    /** In-sync members that have room, as far as is known: who was not heard yet is taken to have some. */
    int roomy() {
        return followers.roomy(config());
    }

    // ---- records

    @Override
    void propose(ReplicaEvent.Propose proposal) {
        boolean takes = opening.isOpen() && !reconfiguration.handover().isUnderWay();
        intake.propose(proposal, takes, config());
    }

    @Override
    void persisted() {
        followers.ownPace().durable(context.journal.persisted(), context.now().nanos());
        commit();
    }

    @Override
    void logAged(ReplicaEvent.LogAged event) {
        retention.aged(event);
    }

    @Override
    void ackReceived(ReplicaEvent.AckReceived event) {
        if (event.ack().epoch() > epoch) {
            context.meet(event.ack().epoch());
            return;
        }
        var progress = followers.acknowledged(event.stream(), event.ack());
        if (progress != null) {
            followers.fill(progress, config().cfg());
            commit();
        }
    }

    private void commit() {
        if (opening.isOpen()) {
            commitment.advance(config(), reconfiguration.asked());
            if (reconfiguration.handover().isUnderWay()) {
                // Writes wait for this: not for the next tick, too.
                ask(() -> reconfiguration.goOnHandingOver(config()));
            }
        }
    }

    // ---- followers

    @Override
    void helloReceived(ReplicaEvent.HelloReceived event) {
        joining.hello(event, config(), reconfiguration);
    }

    /** Whether a snapshot may be sent to a replica: it was told to install one, and its acknowledgements do not count. */
    boolean mayFeed(Member member) {
        return joining.mayFeed(member, config(), reconfiguration);
    }

    @Override
    void followerLost(ReplicaEvent.FollowerLost event) {
        followers.lost(event.stream());
        if (event.refusal() != null && event.refusal().epoch() > epoch) {
            context.meet(event.refusal().epoch());
        }
    }

    // ---- leases

    @Override
    void beatAnswered(ReplicaEvent.BeatAnswered event) {
        var answer = event.answer();
        if (answer.epoch() > epoch) {
            context.meet(answer.epoch());
            return;
        }
        if (answer.epoch() < epoch) {
            return;
        }
        followers.heard(event.from(), answer);
        if (answer.granted()) {
            leases.renew(event);
        }
        leases.changed();
    }

    /** What may be served now; the same object until something changes it. */
    ReadPermit permit() {
        return leases.permit(epoch, mayServe(), config(), reconfiguration.asked());
    }

    /** Whether reads may be served at all: everything committed in earlier epochs is applied. */
    private boolean mayServe() {
        boolean gone = reconfiguration.handover().isWriting() && context.keeps(Rule.OLD_PRIMARY_STOPS_FIRST);
        return opening.isOpen() && !gone && opening.isApplied();
    }

    @Override
    void applied() {
        leases.applied(mayServe());
    }

    Beat beat(Now now) {
        var journal = context.journal;
        return new Beat(
                epoch,
                journal.committed(),
                journal.lastSeq(),
                permit().isValid(now),
                journal.shape().firstSeq() - 1,
                isDeaf());
    }

    // ---- the configuration

    @Override
    void transferAsked(ReplicaEvent.TransferAsked asked) {
        reconfiguration.ordered(asked, config(), opening.isOpen());
        leases.changed();
    }

    @Override
    void forceAsked(long ticket) {
        context.answerOrder(ticket, OrderOutcome.STILL_LED);
    }

    @Override
    void leaveAsked() {
        tick();
    }

    @Override
    void casAnswered(ReplicaEvent.CasAnswered answer) {
        settle(() -> reconfiguration.casAnswered(answer));
    }

    @Override
    void configRead(ReplicaEvent.ConfigRead answer) {
        settle(() -> reconfiguration.configRead(answer));
    }

    @Override
    void configReadFailed(long ticket) {
        reconfiguration.configReadFailed(ticket);
    }

    @Override
    void configChanged(VersionedConfig found) {
        settle(() -> reconfiguration.configChanged(found));
    }

    private void settle(Supplier<Reconfiguration.Outcome> news) {
        boolean enoughBefore = config().hasEnoughInSync();
        var outcome = news.get();
        leases.changed();
        if (outcome == Reconfiguration.Outcome.SUPERSEDED) {
            context.become(new Following(context));
        } else if (outcome == Reconfiguration.Outcome.SETTLED) {
            if (enoughBefore && !config().hasEnoughInSync()) {
                context.act(new ReplicaAction.FailOpenProposals());
            }
            commit();
        }
    }
}
