// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stands for election: read the configuration, ask the other electable members, promise the next epoch durably, then
 * compare-and-set. ZooKeeper decides; asking first only keeps two sides from deposing each other in turn.
 *
 * <p>The promise comes in front of the write, so that no crash can make this replica forget that it may have been
 * elected. A forced election, which an operator orders, asks nobody.
 */
final class Campaigning extends Role {
    private enum Phase {
        READING,
        ASKING,
        PROMISING,
        WRITING
    }

    private final boolean forced;

    /** The operator's order; answered once, and 0 from then on. */
    private long order;

    private Phase phase = Phase.READING;
    private long readTicket;
    private long epoch;
    private @Nullable Poll poll;
    private @Nullable ConfigChange change;

    Campaigning(Context context) {
        this(context, false, 0);
    }

    private Campaigning(Context context, boolean forced, long order) {
        super(context);
        this.forced = forced;
        this.order = order;
    }

    /** FORCE, by an operator's order. */
    static Campaigning forced(Context context, long order) {
        return new Campaigning(context, true, order);
    }

    @Override
    ReplicaState state() {
        return ReplicaState.PRE_ELECT;
    }

    @Override
    void enter() {
        readTicket = context.nextTicket();
        epoch = context.configEpoch();
        context.act(new ReplicaAction.ReadConfig(readTicket));
    }

    @Override
    void configRead(ReplicaEvent.ConfigRead answer) {
        if (change != null) {
            settle(change, change.configRead(answer));
        } else if (phase == Phase.READING && answer.ticket() == readTicket) {
            ask();
        }
    }

    @Override
    void configReadFailed(long ticket) {
        if (change != null) {
            change.configReadFailed(ticket);
        } else if (ticket == readTicket) {
            giveUp();
        }
    }

    private void ask() {
        var found = context.config();
        if (found == null
                || found.config().lifecycle() == ShardLifecycle.RETIRED
                || context.promises.promised() > found.config().epoch() + 1
                || !(forced || context.isElectable())) {
            giveUp();
            return;
        }
        epoch = found.config().epoch();
        poll = new Poll(context, found.config());
        if (forced) {
            promise();
            return;
        }
        phase = Phase.ASKING;
        poll.ask();
        decide(poll);
    }

    @Override
    void ballotAnswered(ReplicaEvent.BallotAnswered answer) {
        if (phase == Phase.ASKING && poll != null) {
            poll.answered(answer);
            decide(poll);
        }
    }

    @Override
    void ballotFailed(ReplicaEvent.BallotFailed failed) {
        if (phase == Phase.ASKING && poll != null) {
            poll.failed(failed);
            decide(poll);
        }
    }

    @Override
    void tick() {
        if (change != null) {
            change.tick();
        } else if (phase == Phase.ASKING && poll != null) {
            decide(poll);
        }
    }

    private void decide(Poll asked) {
        switch (asked.verdict()) {
            case OPEN -> {}
            case AGAINST -> giveUp();
            case FOR -> {
                promise();
            }
        }
    }

    private void promise() {
        phase = Phase.PROMISING;
        context.promise(epoch + 1);
        promisePersisted();
    }

    @Override
    void promisePersisted() {
        // A forced primary stands alone: what it has not on disk when it is named may be gone for good.
        boolean durable = !forced || context.journal.persisted() >= context.journal.lastSeq();
        if (phase == Phase.PROMISING && context.promises.mayAnswer() && durable) {
            write();
        }
    }

    @Override
    void persisted() {
        promisePersisted();
    }

    /** An election by vote gives way to one by order, unless ZooKeeper is asked already. */
    @Override
    void forceAsked(long ticket) {
        if (forced || phase == Phase.WRITING || !context.journal.isWhole()) {
            super.forceAsked(ticket);
        } else {
            context.become(forced(context, ticket));
        }
    }

    /** Whoever ordered is told how it ended. */
    @Override
    void leave() {
        answerOrder(OrderOutcome.GAVE_UP);
    }

    private void answerOrder(OrderOutcome outcome) {
        if (forced && order != 0) {
            context.answerOrder(order, outcome);
            order = 0;
        }
    }

    private void write() {
        var found = context.config();
        if (found == null || poll == null || !(forced || context.isElectable())) {
            giveUp();
            return;
        }
        phase = Phase.WRITING;
        change = ConfigChange.begin(context, found, elected(found.config(), poll.agreed()));
    }

    private ShardConfig elected(ShardConfig old, Set<Member> agreed) {
        var candidates = old.candidates();
        Set<Member> inSync = forced ? Set.of(context.self) : ShardConfig.filter(agreed, candidates::contains);
        Set<Member> electable = Set.of();
        if (!forced && inSync.size() < old.minInSync() && context.keeps(Rule.REMOVED_STAY_ELECTABLE)) {
            electable = ShardConfig.filter(candidates, member -> !inSync.contains(member));
        }
        return new ShardConfig(
                old.cfg() + 1,
                old.epoch() + 1,
                context.self.node(),
                inSync,
                electable,
                ShardConfig.withRole(old.replicas(), context.self.node(), ReplicaRole.VOTER),
                old.minInSync(),
                old.lifecycle(),
                forced ? old.losses() + 1 : old.losses(),
                context.self.node(),
                context.random().nextLong());
    }

    @Override
    void casAnswered(ReplicaEvent.CasAnswered answer) {
        if (change != null) {
            settle(change, change.casAnswered(answer));
        }
    }

    @Override
    void configChanged(VersionedConfig found) {
        if (change != null) {
            settle(change, change.configSeen(found));
        } else if (found.config().epoch() != epoch) {
            context.become(new Following(context));
        }
    }

    private void settle(ConfigChange asked, ConfigChange.Outcome outcome) {
        switch (outcome) {
            case OPEN -> {}
            case MADE -> {
                context.install(asked.result());
                answerOrder(OrderOutcome.DONE);
                context.become(new Leading(context, asked.target().epoch()));
            }
            case LOST -> {
                context.install(asked.result());
                context.become(new Following(context));
            }
        }
    }

    @Override
    void outranked() {
        context.become(new Following(context));
    }

    @Override
    void heardPrimary(ReplicaEvent.BeatReceived event) {
        boolean early = phase == Phase.READING || phase == Phase.ASKING;
        if (early && context.keeps(Rule.CANDIDATES_ASK_FIRST)) {
            context.become(new Following(context));
            context.role().heardPrimary(event);
        }
    }

    @Override
    boolean agreesTo(Ballot ballot) {
        return (context.promises.grantIsOver(context.now().nanos()) || !context.keeps(Rule.CANDIDATES_ASK_FIRST))
                && context.promises.promised() <= ballot.epoch() + 1
                && context.configEpoch() <= ballot.epoch();
    }

    /** Tries again later: after a while that differs from the others', so that not all ask at once. */
    private void giveUp() {
        long retry = context.timing.retryNanos();
        context.become(new Following(context, retry + context.random().nextLong(4 * retry)));
    }
}
