// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * A follower's side of the replication stream: says hello, cuts its log to the primary's lineage, takes records and
 * acknowledges what is durable.
 *
 * <p>The log is cut only here, only against the primary of the highest epoch promised, and never below what was
 * applied. Acknowledgements wait for the fsync of the records and of the promise. Confined to the shard's loop.
 */
final class FollowerStream {
    /** A primary out of reach may be none any more, and the watch that would tell may have been lost. */
    private static final int LOSSES_PER_CONFIG_READ = 8;

    /** A primary just elected refuses until its promise is durable: a few times it is asked again soon. */
    private static final int QUICK_RETRIES = 5;

    private final Context context;
    private int losses;
    private int refusals;
    private long stream;
    private @Nullable NodeId primary;
    private long attachedEpoch;
    private long acknowledged;
    private long openedNanos;
    private boolean installing;

    /**
     * What was applied here was given up by an operator's FORCE: no primary's log will ever lead here again. So nothing
     * that counts can rest on it, and any snapshot of the present log is better.
     */
    private boolean disowned;

    /** Up to here a snapshot must reach, where the primary can tell that the rest of this log leads nowhere. */
    private LogPosition parting = LogPosition.NONE;

    private long retryAtNanos;

    /** The end of the log that was last given up for a snapshot, whole or not. */
    private LogPosition givenUp = LogPosition.NONE;

    FollowerStream(Context context) {
        this.context = context;
        this.retryAtNanos = context.now().nanos();
    }

    boolean isInstalling() {
        return installing;
    }

    boolean isAttachedTo(long epoch) {
        return stream != 0 && attachedEpoch == epoch && !installing;
    }

    /** The configuration changed: a stream to anybody but its primary, or of a lower epoch, ends. */
    void follow(ShardConfig config) {
        boolean sameEpoch = attachedEpoch == 0 || attachedEpoch == config.epoch();
        if (!installing
                && stream != 0
                && !(sameEpoch && config.primary() != null && config.primary().equals(primary))) {
            close();
        }
        retryAtNanos = context.now().nanos();
        ensureOpen();
    }

    void tick() {
        boolean unanswered = stream != 0 && attachedEpoch == 0 && !installing;
        if (unanswered && context.now().nanos() - openedNanos > context.timing.lagNanos()) {
            // A connection over which nothing gets through does not always break.
            context.act(new ReplicaAction.CloseStream(stream, true));
            forget();
            context.configReads().request();
        }
        ensureOpen();
    }

    void ensureOpen() {
        var found = context.config();
        if (found == null || installing || stream != 0 || context.now().nanos() - retryAtNanos < 0) {
            return;
        }
        var config = found.config();
        var target = config.primary();
        var me = context.self.node();
        if (target == null
                || target.equals(me)
                || !config.replicas().containsKey(me)
                || context.isStale(config.epoch())) {
            return;
        }
        stream = context.nextStream();
        primary = target;
        openedNanos = context.now().nanos();
        attachedEpoch = 0;
        acknowledged = -1;
        var journal = context.journal;
        context.act(new ReplicaAction.OpenStream(
                stream,
                target,
                new Hello(
                        context.self,
                        context.promises.promised(),
                        journal.shape(),
                        journal.appliedOrApplying(),
                        !journal.isWhole())));
    }

    void attach(ReplicaEvent.AttachReceived event) {
        var attach = event.attach();
        if (event.stream() != stream || stream == 0 || attachedEpoch != 0) {
            return;
        }
        if (context.isStale(attach.epoch())) {
            refuse(RefuseReason.STALE_EPOCH);
            return;
        }
        if (!context.meet(attach.epoch())) {
            close();
            return;
        }
        if (attach.snapshot()) {
            install(attach);
            return;
        }
        var journal = context.journal;
        var cut = attach.truncateTo();
        if (!journal.isWhole() || !journal.shape().contains(cut) || cut.seq() < journal.appliedOrApplying()) {
            // Not a lineage of ours: a new hello with the table as it is now settles it.
            refuse(RefuseReason.GAP);
            return;
        }
        if (cut.seq() < journal.lastSeq()) {
            journal.truncate(cut.seq());
            context.act(new ReplicaAction.Truncate(cut));
        }
        attachedEpoch = attach.epoch();
        losses = 0;
        refusals = 0;
        acknowledge();
    }

    private void install(Attach attach) {
        var source = primary;
        if (source == null || context.isCounted()) {
            // Who counts holds every acknowledged record, and may not give that up for a snapshot.
            refuse(RefuseReason.GAP);
            context.configReads().request();
            return;
        }
        installing = true;
        disowned = attach.disowned() && context.gaveUpData(attach.epoch());
        parting = attach.truncateTo();
        context.act(new ReplicaAction.InstallSnapshot(stream, source, attach.epoch()));
    }

    /** The point of no return: from here on nothing is here but the promise, until the snapshot is. */
    void offered(ReplicaEvent.SnapshotOffered event) {
        if (!installing || event.stream() != stream) {
            context.act(new ReplicaAction.DeclineSnapshot(event.stream()));
            return;
        }
        var last = context.journal.shape().last();
        var lost = last.seq() == 0 ? givenUp : leadsNowhereBehindParting() ? parting : last;
        boolean ahead = event.at().isAheadOf(lost) || disowned || !context.keeps(Rule.SNAPSHOT_MUST_BE_AHEAD);
        if (!ahead || context.isCounted()) {
            context.act(new ReplicaAction.DeclineSnapshot(stream));
            endInstall(context.timing.lagNanos());
            return;
        }
        givenUp = disowned ? LogPosition.NONE : lost;
        context.journal.beginInstall();
        context.act(new ReplicaAction.AcceptSnapshot(stream));
    }

    /**
     * A primary whose log reaches back would have had this one cut there: the same cut, against the same lineage, only that
     * a snapshot comes instead of the records. Never below what was applied.
     */
    private boolean leadsNowhereBehindParting() {
        var journal = context.journal;
        return parting.seq() > 0
                && parting.seq() >= journal.appliedOrApplying()
                && journal.shape().contains(parting);
    }

    void installed(ReplicaEvent.SnapshotInstalled event) {
        if (installing && event.stream() == stream) {
            context.journal.replace(event.log());
            endInstall(0);
        }
    }

    void installFailed(long failedStream) {
        if (installing && failedStream == stream) {
            endInstall(context.timing.retryNanos());
        }
    }

    private void endInstall(long pauseNanos) {
        installing = false;
        close();
        retryAtNanos = context.now().nanos() + pauseNanos;
        ensureOpen();
    }

    void append(ReplicaEvent.AppendReceived event) {
        var append = event.append();
        if (event.stream() != stream || stream == 0 || installing) {
            return;
        }
        if (context.isStale(append.epoch())) {
            refuse(RefuseReason.STALE_EPOCH);
            return;
        }
        var journal = context.journal;
        if (append.epoch() != attachedEpoch
                || !append.previous().equals(journal.shape().last())) {
            refuse(RefuseReason.GAP);
            return;
        }
        if (append.lastSeq() > journal.lastSeq()) {
            journal.append(append.starts(), append.lastSeq());
            context.act(new ReplicaAction.AcceptAppend(append));
        }
        journal.commit(Math.min(append.committed(), journal.lastSeq()));
        context.applyCommitted();
    }

    /** Says what is durable, if that is news and may be said. */
    void acknowledge() {
        long persisted = context.journal.persisted();
        if (stream != 0 && attachedEpoch != 0 && persisted > acknowledged && context.promises.mayAnswer()) {
            acknowledged = persisted;
            context.act(
                    new ReplicaAction.SendAck(stream, new Ack(attachedEpoch, context.self.incarnation(), persisted)));
        }
    }

    void refused(ReplicaEvent.RefuseReceived event) {
        if (event.stream() == stream && stream != 0 && !installing) {
            forget();
            if (++refusals <= QUICK_RETRIES) {
                retryAtNanos = context.now().nanos() + context.timing.tickNanos();
            }
            context.meet(event.refusal().epoch());
            if (event.refusal().reason() != RefuseReason.GAP) {
                context.configReads().request();
            }
        }
    }

    /** True: it was the stream of now. */
    boolean lost(long lostStream) {
        if (lostStream != stream || stream == 0 || installing) {
            return false;
        }
        forget();
        if (losses++ % LOSSES_PER_CONFIG_READ == 0) {
            context.configReads().request();
        }
        return true;
    }

    void closeIfAttached() {
        if (attachedEpoch != 0 && !installing) {
            close();
        }
    }

    void close() {
        if (stream != 0) {
            context.act(new ReplicaAction.CloseStream(stream, false));
            forget();
        }
    }

    private void refuse(RefuseReason reason) {
        context.act(new ReplicaAction.RefusePrimary(stream, new Refusal(reason, context.promises.promised())));
        forget();
    }

    private void forget() {
        stream = 0;
        primary = null;
        attachedEpoch = 0;
        installing = false;
        disowned = false;
        parting = LogPosition.NONE;
        retryAtNanos = context.now().nanos() + context.timing.retryNanos();
    }
}
