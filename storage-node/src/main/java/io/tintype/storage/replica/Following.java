// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * Follows whoever leads: keeps a stream open, takes records, grants leases; suspects the primary when it falls silent
 * and may be elected itself. Learners, observers and nodes without a part are followers that are not electable.
 */
final class Following extends Role {
    /** Without patience, one tick in so many makes a follower stand. */
    private static final int IMPATIENCE = 60;

    private final FollowerStream stream;
    private long quietSinceNanos;
    private long standAfterNanos;

    /** The primary's process seems to have ended, or says that it cannot do its work. */
    private boolean primaryGone;

    Following(Context context) {
        this(context, 0);
    }

    /**
     * Follows after an election that came to nothing.
     *
     * @param pauseNanos how long not to try again
     */
    Following(Context context, long pauseNanos) {
        super(context);
        this.stream = new FollowerStream(context);
        this.quietSinceNanos = context.now().nanos();
        this.standAfterNanos = context.now().nanos() + pauseNanos;
    }

    @Override
    ReplicaState state() {
        var config = context.config();
        if (stream.isInstalling() || !context.journal.isWhole()) {
            return ReplicaState.INSTALLING;
        }
        if (config == null || !config.config().replicas().containsKey(context.self.node())) {
            return ReplicaState.UNASSIGNED;
        }
        if (config.config().replicas().get(context.self.node()) == ReplicaRole.OBSERVER) {
            return ReplicaState.OBSERVER;
        }
        return context.isElectable() ? ReplicaState.FOLLOWER : ReplicaState.LEARNER;
    }

    @Override
    void enter() {
        var config = context.config();
        if (config != null) {
            follow(config);
        }
    }

    @Override
    void leave() {
        stream.close();
    }

    @Override
    void tick() {
        stream.tick();
        if (isTimeToStand()) {
            context.become(new Campaigning(context));
        }
    }

    @Override
    void configChanged(VersionedConfig found) {
        follow(found);
    }

    /**
     * Promises the configuration's epoch. Where it names this very replica as primary of an epoch never promised
     * before, a transfer made it so, and it takes over, its own grants void: the old primary stopped before it wrote the
     * name ({@link Handover}). One promised before was led before, by a life that ended: it must be elected anew, because
     * its unsynced records of that epoch are gone.
     */
    private void follow(VersionedConfig found) {
        var config = found.config();
        boolean news = config.epoch() > context.promises.promised();
        if (news
                && context.journal.isWhole()
                && config.isPrimary(context.self.node())
                && config.inSync().contains(context.self)) {
            if (!context.self.node().equals(config.writer())) {
                context.promises.release(context.now().nanos());
            }
            context.become(new Leading(context, config.epoch()));
            return;
        }
        if (news) {
            context.promise(config.epoch());
            quietSinceNanos = context.now().nanos();
            primaryGone = false;
        }
        stream.follow(config);
    }

    @Override
    void outranked() {
        quietSinceNanos = context.now().nanos();
        stream.closeIfAttached();
    }

    // ---- suspicion

    private boolean isTimeToStand() {
        var found = context.config();
        long now = context.now().nanos();
        if (found == null
                || !context.isElectable()
                || context.isLeaving()
                || found.config().lifecycle() == ShardLifecycle.RETIRED
                || now - standAfterNanos < 0) {
            return false;
        }
        var config = found.config();
        if (config.isPrimary(context.self.node())) {
            return true;
        }
        if (!context.keeps(Rule.PATIENCE)) {
            return context.random().nextInt(IMPATIENCE) == 0;
        }
        boolean grantOver = context.promises.grantIsOver(now) || !context.keeps(Rule.NEW_PRIMARY_WAITS_OUT_ITS_GRANT);
        return grantOver && now - quietSinceNanos >= patienceNanos(config);
    }

    private long patienceNanos(ShardConfig config) {
        long rank = config.candidates().stream()
                .filter(member -> !config.isPrimary(member.node()) && member.compareTo(context.self) < 0)
                .count();
        long base = 0;
        var primary = config.primary();
        if (primary != null) {
            boolean there = context.isAlive(primary) && !primaryGone;
            base = there ? context.timing.suspectNanos() : context.timing.suspectGoneNanos();
        }
        return base + rank * context.timing.rankNanos();
    }

    @Override
    boolean agreesTo(Ballot ballot) {
        return (context.promises.grantIsOver(context.now().nanos()) || !context.keeps(Rule.CANDIDATES_ASK_FIRST))
                && context.promises.promised() <= ballot.epoch() + 1
                && context.configEpoch() <= ballot.epoch();
    }

    @Override
    void forceAsked(long ticket) {
        var found = context.config();
        if (found == null || stream.isInstalling() || !context.journal.isWhole()) {
            context.answerOrder(ticket, OrderOutcome.NOT_WHOLE);
        } else if (found.config().losses() >= ReplicaLimits.LOSSES) {
            context.answerOrder(ticket, OrderOutcome.EXHAUSTED);
        } else if (!context.promises.grantIsOver(context.now().nanos()) && context.keeps(Rule.CANDIDATES_ASK_FIRST)) {
            context.answerOrder(ticket, OrderOutcome.STILL_LED);
        } else {
            context.become(Campaigning.forced(context, ticket));
        }
    }

    /** Whoever promised a higher epoch than is known here may know, other than this replica yet, that it leads. */
    @Override
    void helloReceived(ReplicaEvent.HelloReceived event) {
        if (event.hello().promisedEpoch() > context.configEpoch()) {
            context.earlyHellos.keep(event);
            context.configReads().request();
        } else {
            context.earlyHellos.refuse(event);
        }
    }

    // ---- the primary

    @Override
    void heardDeafPrimary() {
        primaryGone = true;
    }

    @Override
    void heardPrimary(ReplicaEvent.BeatReceived event) {
        quietSinceNanos = context.now().nanos();
        primaryGone = false;
        if (stream.isAttachedTo(event.beat().epoch())) {
            context.journal.commit(Math.min(event.beat().committed(), context.journal.lastSeq()));
            context.applyCommitted();
            context.freshness.beat(event.beat(), event.sentAfter(), context.journal.applied(), context.now());
            context.trimming.to(event.beat().trimmed());
        }
    }

    @Override
    void persisted() {
        stream.acknowledge();
        context.applyCommitted();
    }

    @Override
    void promisePersisted() {
        stream.acknowledge();
    }

    @Override
    void attachReceived(ReplicaEvent.AttachReceived event) {
        stream.attach(event);
    }

    @Override
    void appendReceived(ReplicaEvent.AppendReceived event) {
        stream.append(event);
    }

    @Override
    void refuseReceived(ReplicaEvent.RefuseReceived event) {
        stream.refused(event);
    }

    @Override
    void primaryLost(ReplicaEvent.PrimaryLost event) {
        if (stream.lost(event.stream()) && event.refused()) {
            primaryGone = true;
        }
    }

    @Override
    void snapshotOffered(ReplicaEvent.SnapshotOffered event) {
        stream.offered(event);
    }

    @Override
    void snapshotInstalled(ReplicaEvent.SnapshotInstalled event) {
        stream.installed(event);
    }

    @Override
    void snapshotFailed(ReplicaEvent.SnapshotFailed event) {
        stream.installFailed(event.stream());
    }
}
