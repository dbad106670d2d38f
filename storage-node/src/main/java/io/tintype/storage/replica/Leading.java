// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

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
    private final Retention retention;
    private @Nullable ReadPermit permit;

    /** False while it waits for its promise to be durable and its grants to be over. */
    private boolean opened;

    private long logEndAtElection = Long.MAX_VALUE;

    Leading(Context context, long epoch) {
        super(context);
        this.epoch = epoch;
        this.followers = new Followers(context, epoch);
        this.commitment = new Commitment(context, followers);
        this.reconfiguration = new Reconfiguration(context, epoch, followers);
        this.leases = new Leases(context);
        this.retention = new Retention(context, followers);
    }

    @Override
    ReplicaState state() {
        return opened ? ReplicaState.PRIMARY : ReplicaState.PRIMARY_ELECT;
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
        open();
    }

    /** Opens the epoch as soon as it may. */
    private void open() {
        boolean grantOver = context.promises.grantIsOver(context.now().nanos())
                || !context.keeps(Rule.NEW_PRIMARY_WAITS_OUT_ITS_GRANT);
        if (opened || !context.promises.mayAnswer() || !grantOver) {
            return;
        }
        opened = true;
        permit = null;
        var journal = context.journal;
        logEndAtElection = journal.lastSeq();
        var previous = journal.shape().last();
        var start = new LogPosition(epoch, logEndAtElection + 1);
        journal.append(List.of(new EpochStart(epoch, start.seq())), start.seq());
        context.act(new ReplicaAction.AppendEpochStart(start, previous, config().losses()));
        context.act(new ReplicaAction.BecamePrimary(epoch));
        followers.fillAll(config().cfg());
    }

    @Override
    void leave() {
        followers.dropAll();
        if (opened) {
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
    }

    @Override
    void tick() {
        open();
        if (!opened) {
            return;
        }
        followers.tellCommitted(config().cfg());
        context.trimming.to(retention.needlessUpTo(config()));
        boolean asking = reconfiguration.asked() != null;
        reconfiguration.tick(config(), logEndAtElection);
        if (!asking && reconfiguration.asked() != null) {
            permit = null;
        }
    }

    /** Refuses while it can still do its work; a primary that nobody hears any more lets others try. */
    @Override
    boolean agreesTo(Ballot ballot) {
        return opened && ballot.epoch() >= epoch && isDeaf();
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
        int roomy = 0;
        for (var member : config().inSync()) {
            boolean self = member.node().equals(context.self.node());
            if (!(self ? context.isFull() : followers.on(member.node()).full)) {
                roomy++;
            }
        }
        return roomy;
    }

    // ---- records

    @Override
    void propose(ReplicaEvent.Propose proposal) {
        var refusal = refusal(proposal.handles().size());
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
        followers.fillAll(config().cfg());
    }

    private Optional<Rejection> refusal(int count) {
        if (!opened || reconfiguration.handover().isUnderWay()) {
            return Optional.of(Rejection.NOT_PRIMARY);
        }
        if (config().lifecycle() != ShardLifecycle.ACTIVE) {
            return Optional.of(Rejection.READ_ONLY);
        }
        if (!config().hasEnoughInSync() && context.keeps(Rule.NO_COMMIT_BELOW_MINIMUM)) {
            return Optional.of(Rejection.NOT_ENOUGH_REPLICAS);
        }
        long open = context.journal.lastSeq() - context.journal.committed();
        return open + count > ReplicaLimits.UNCOMMITTED_RECORDS ? Optional.of(Rejection.OVERLOADED) : Optional.empty();
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
        if (opened) {
            commitment.advance(config(), reconfiguration.asked());
        }
    }

    // ---- followers

    @Override
    void helloReceived(ReplicaEvent.HelloReceived event) {
        var hello = event.hello();
        if (hello.promisedEpoch() > epoch && context.keeps(Rule.LOWER_EPOCHS_ARE_REFUSED)) {
            context.act(new ReplicaAction.RefuseFollower(event.stream(), new Refusal(RefuseReason.STALE_EPOCH, epoch)));
            context.meet(hello.promisedEpoch());
            return;
        }
        var refused =
                !context.promises.mayAnswer() || reconfiguration.handover().isWriting()
                        ? RefuseReason.NOT_PRIMARY
                        : !config().replicas().containsKey(hello.follower().node()) ? RefuseReason.NOT_ASSIGNED : null;
        if (refused != null) {
            context.act(new ReplicaAction.RefuseFollower(event.stream(), new Refusal(refused, epoch)));
            return;
        }
        followers.hello(event.stream(), hello, config().cfg(), counted().contains(hello.follower()));
    }

    /** Everybody who may be elected, by the configuration or by the change being asked for. */
    private Set<Member> counted() {
        var asked = reconfiguration.asked();
        if (asked == null) {
            return config().candidates();
        }
        var all = new TreeSet<>(config().candidates());
        all.addAll(asked.candidates());
        return all;
    }

    /** Whether a snapshot may be sent to a replica: it was told to install one, and its acknowledgements do not count. */
    boolean mayFeed(Member member) {
        return followers.isToInstall(member) && !counted().contains(member);
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
        permit = null;
    }

    /** What may be served now; the same object until something changes it. */
    ReadPermit permit() {
        if (permit == null) {
            permit = leases.permit(epoch, mayServe(), config(), reconfiguration.asked());
        }
        return permit;
    }

    /** Whether reads may be served at all: everything committed in earlier epochs is applied. */
    private boolean mayServe() {
        boolean gone = reconfiguration.handover().isWriting() && context.keeps(Rule.OLD_PRIMARY_STOPS_FIRST);
        if (!opened || gone) {
            return false;
        }
        return context.journal.applied() > logEndAtElection || !context.keeps(Rule.SERVE_AFTER_EPOCH_START);
    }

    @Override
    void applied() {
        if (permit != null && !permit.isServing() && mayServe()) {
            permit = null;
        }
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
        reconfiguration.ordered(asked, config(), opened);
        permit = null;
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
        boolean enoughBefore = config().hasEnoughInSync();
        settled(reconfiguration.casAnswered(answer), enoughBefore);
    }

    @Override
    void configRead(ReplicaEvent.ConfigRead answer) {
        boolean enoughBefore = config().hasEnoughInSync();
        settled(reconfiguration.configRead(answer), enoughBefore);
    }

    @Override
    void configReadFailed(long ticket) {
        reconfiguration.configReadFailed(ticket);
    }

    @Override
    void configChanged(VersionedConfig found) {
        boolean enoughBefore = config().hasEnoughInSync();
        settled(reconfiguration.configChanged(found), enoughBefore);
    }

    private void settled(Reconfiguration.Outcome outcome, boolean enoughBefore) {
        permit = null;
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
