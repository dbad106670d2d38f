// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Leads an epoch: first waits until its own grants to earlier primaries have run out, then opens the epoch in the log,
 * takes proposals, replicates, commits, and keeps the in-sync set true to who is there.
 *
 * <p>What commits: a record that is durable here and that every in-sync member has acknowledged, of the set as last
 * read back from ZooKeeper and of the one being asked for, while enough members are in sync.
 */
final class Leading extends Role {
    private enum Phase {
        /** Elected; waits for its promise to be durable and its grants to be over. */
        WAITING,
        /** Appends. */
        OPEN,
        /** Appends nothing new, so that the successor can catch up. */
        STOPPING,
        /** Serves nothing: the successor's epoch is being written. */
        HANDING_OVER
    }

    private final long epoch;
    private final Followers followers;
    private final Membership membership;
    private final Leases leases;
    private final Retention retention;
    private @Nullable ReadPermit permit;
    private Phase phase = Phase.WAITING;
    private long logEndAtElection = Long.MAX_VALUE;
    private @Nullable ConfigChange change;
    private @Nullable NodeId successor;
    private long stopDeadlineNanos;

    Leading(Context context, long epoch) {
        super(context);
        this.epoch = epoch;
        this.followers = new Followers(context, epoch);
        this.membership = new Membership(context, followers);
        this.leases = new Leases(context);
        this.retention = new Retention(context, followers);
    }

    @Override
    ReplicaState state() {
        return phase == Phase.WAITING ? ReplicaState.PRIMARY_ELECT : ReplicaState.PRIMARY;
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
        if (phase != Phase.WAITING || !context.promises.mayAnswer() || !grantOver) {
            return;
        }
        phase = Phase.OPEN;
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
        if (phase != Phase.WAITING) {
            context.act(new ReplicaAction.FailOpenProposals());
            context.act(new ReplicaAction.SteppedDown(epoch));
        }
    }

    @Override
    void outranked() {
        context.become(new Following(context));
    }

    @Override
    void heardPrimary(ReplicaEvent.BeatReceived event) {}

    @Override
    void handoverReceived() {
        open();
    }

    @Override
    void promisePersisted() {
        open();
    }

    @Override
    void tick() {
        open();
        if (phase == Phase.WAITING) {
            return;
        }
        followers.tellCommitted(config().cfg());
        context.trimming.to(retention.needlessUpTo(config()));
        if (change != null) {
            change.tick();
        } else if (phase == Phase.STOPPING) {
            handOver();
        } else {
            reconfigure();
        }
    }

    /** Refuses while it can still do its work; a primary that nobody hears any more lets others try. */
    @Override
    boolean agreesTo(Ballot ballot) {
        if (phase == Phase.WAITING || ballot.epoch() < epoch) {
            return false;
        }
        int heard = 1;
        for (var member : config().candidates()) {
            if (!member.node().equals(context.self.node())
                    && context.now().nanos() - followers.on(member.node()).heardNanos <= context.timing.lagNanos()) {
                heard++;
            }
        }
        return heard < config().minInSync();
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
        if (phase != Phase.OPEN) {
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
        if (phase == Phase.WAITING) {
            return;
        }
        var config = config();
        boolean enough = config.hasEnoughInSync()
                && (change == null || config.inSync().size() >= change.target().minInSync());
        if (!enough && context.keeps(Rule.NO_COMMIT_BELOW_MINIMUM)) {
            return;
        }
        var asked = change == null ? null : change.target().inSync();
        long upTo = context.journal.persisted();
        if (asked == null || context.keeps(Rule.OLD_MEMBERS_COUNT_UNTIL_READ_BACK)) {
            upTo = ackedByAll(config.inSync(), upTo);
        }
        if (asked != null) {
            boolean all = context.keeps(Rule.NEW_MEMBERS_COUNT_WHEN_ASKED);
            upTo = ackedByAll(all ? asked : ShardConfig.filter(asked, config.inSync()::contains), upTo);
        }
        if (context.journal.commit(upTo)) {
            context.applyCommitted();
        }
    }

    private long ackedByAll(Set<Member> members, long limit) {
        long upTo = limit;
        for (var member : members) {
            if (!member.node().equals(context.self.node())) {
                upTo = Math.min(upTo, followers.acked(member));
            }
        }
        return upTo;
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
        var refused = !context.promises.mayAnswer() || phase == Phase.HANDING_OVER
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
        if (change == null) {
            return config().candidates();
        }
        var all = new TreeSet<>(config().candidates());
        all.addAll(change.target().candidates());
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
        followers.heard(followers.on(event.from()));
        leases.renew(event);
        permit = null;
    }

    /** What may be served now; the same object until something changes it. */
    ReadPermit permit() {
        if (permit == null) {
            permit = leases.permit(epoch, mayServe(), config(), change == null ? null : change.target());
        }
        return permit;
    }

    /** Whether reads may be served at all: everything committed in earlier epochs is applied. */
    private boolean mayServe() {
        if (phase == Phase.WAITING || phase == Phase.HANDING_OVER) {
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
                journal.shape().firstSeq() - 1);
    }

    // ---- the configuration

    private void reconfigure() {
        var next = membership.next(config(), logEndAtElection);
        if (next.isPresent()) {
            ask(next.get());
        } else {
            membership.successor(config()).ifPresent(this::stopFor);
        }
    }

    private void ask(ShardConfig target) {
        var found = context.config();
        if (found != null) {
            change = ConfigChange.begin(context, found, target);
            permit = null;
        }
    }

    @Override
    void transferAsked(ReplicaEvent.TransferAsked asked) {
        if (phase == Phase.OPEN
                && !asked.target().equals(context.self.node())
                && config().inSyncOn(asked.target()).isPresent()) {
            stopFor(asked.target());
        }
    }

    private void stopFor(NodeId target) {
        phase = Phase.STOPPING;
        successor = target;
        stopDeadlineNanos = context.now().nanos() + context.timing.lagNanos();
        if (change == null) {
            handOver();
        }
    }

    /** Hands over once the successor has everything and all is committed; gives up when that takes too long. */
    private void handOver() {
        var target = successor;
        var member = target == null ? Optional.<Member>empty() : config().inSyncOn(target);
        if (target == null || member.isEmpty() || context.now().nanos() - stopDeadlineNanos >= 0) {
            resume();
            return;
        }
        long last = context.journal.lastSeq();
        if (followers.acked(member.get()) >= last && context.journal.committed() >= last) {
            phase = Phase.HANDING_OVER;
            permit = null;
            ask(membership.transferred(config(), target));
        }
    }

    private void resume() {
        phase = Phase.OPEN;
        permit = null;
        successor = null;
    }

    @Override
    void casAnswered(ReplicaEvent.CasAnswered answer) {
        if (change != null) {
            settle(change, change.casAnswered(answer));
        }
    }

    @Override
    void configRead(ReplicaEvent.ConfigRead answer) {
        if (change != null) {
            settle(change, change.configRead(answer));
        }
    }

    @Override
    void configReadFailed(long ticket) {
        if (change != null) {
            change.configReadFailed(ticket);
        }
    }

    @Override
    void configChanged(VersionedConfig found) {
        if (change != null) {
            settle(change, change.configSeen(found));
        } else if (found.config().epoch() > epoch) {
            context.become(new Following(context));
        }
    }

    private void settle(ConfigChange asked, ConfigChange.Outcome outcome) {
        if (outcome == ConfigChange.Outcome.OPEN) {
            return;
        }
        boolean enoughBefore = config().hasEnoughInSync();
        context.install(asked.result());
        change = null;
        permit = null;
        var target = successor;
        if (asked.result().config().epoch() > epoch) {
            if (outcome == ConfigChange.Outcome.MADE && target != null) {
                context.act(new ReplicaAction.SendHandover(
                        target, asked.result().config().epoch()));
            }
            context.become(new Following(context));
            return;
        }
        if (phase == Phase.HANDING_OVER) {
            resume();
        }
        if (enoughBefore && !config().hasEnoughInSync()) {
            context.act(new ReplicaAction.FailOpenProposals());
        }
        commit();
    }
}
