// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A primary's side of replication: attaches followers by lineage, keeps each stream filled, notes what is
 * acknowledged. Confined to the shard's loop.
 */
final class Followers {
    private final Context context;
    private final long epoch;
    private final Map<NodeId, FollowerProgress> byNode = new TreeMap<>();
    private final Map<Long, FollowerProgress> byStream = new HashMap<>();
    private final Pace ownPace = new Pace();

    Followers(Context context, long epoch) {
        this.context = context;
        this.epoch = epoch;
    }

    Collection<FollowerProgress> all() {
        return byNode.values();
    }

    /** What is known of a node; made on first use. */
    FollowerProgress on(NodeId node) {
        return byNode.computeIfAbsent(
                node, key -> new FollowerProgress(key, context.now().nanos()));
    }

    /** The last record that this very member acknowledged in this epoch. */
    long acked(Member member) {
        var progress = byNode.get(member.node());
        if (progress == null) {
            return 0;
        }
        boolean same =
                progress.incarnation == member.incarnation() || !context.keeps(Rule.INCARNATION_IN_ACKNOWLEDGEMENTS);
        return same ? progress.acked : 0;
    }

    /** How long this replica itself takes to make records durable. */
    Pace ownPace() {
        return ownPace;
    }

    // ---- streams

    /**
     * Attaches a follower at the end of what both logs share.
     *
     * @param counted the follower is a member, or is being asked for as one: what it acknowledged counts, so that it may
     *     not give its log up for a snapshot
     */
    void hello(long stream, Hello hello, long cfg, boolean counted) {
        var progress = on(hello.follower().node());
        if (progress.stream != 0 && progress.stream != stream) {
            context.act(new ReplicaAction.DropFollower(progress.stream));
            byStream.remove(progress.stream);
        }
        if (progress.incarnation != hello.follower().incarnation()) {
            if (context.keeps(Rule.INCARNATION_IN_ACKNOWLEDGEMENTS)) {
                progress.acked = 0;
            }
            progress.incarnation = hello.follower().incarnation();
            progress.backlog = 0;
            progress.progressNanos = context.now().nanos();
        }
        heard(progress);
        progress.stream = stream;
        byStream.put(stream, progress);
        var shape = context.journal.shape();
        long common = shape.commonPrefix(hello.log());
        boolean reachable = !hello.installing()
                && common >= shape.firstSeq() - 1
                && common >= hello.committed()
                && (counted || !isNewcomer(hello));
        progress.attached = reachable;
        if (!reachable) {
            progress.acked = 0;
        } else if (context.keeps(Rule.INCARNATION_IN_ACKNOWLEDGEMENTS)) {
            progress.acked = Math.min(progress.acked, common); // what it no longer has, it has not acknowledged
        }
        progress.pace.forget();
        if (!reachable && counted) {
            context.act(new ReplicaAction.RefuseFollower(stream, new Refusal(RefuseReason.GAP, epoch)));
            lost(stream);
            return;
        }
        var cut = reachable ? shape.at(common) : parting(hello, common);
        boolean disowned = !reachable && !hello.installing() && shape.excludes(hello.log(), hello.committed());
        progress.backlog = backlog(progress, hello, reachable && !counted);
        context.act(new ReplicaAction.SendAttach(
                stream, new Attach(epoch, cfg, cut, !reachable, disowned, progress.backlog)));
        if (reachable) {
            progress.base = common;
            progress.sent = common;
            progress.sentCommitted = 0;
            fill(progress, cfg);
        }
    }

    /**
     * Up to where a follower is fed no faster than replicas may move: what was committed when it came with nothing. Nobody
     * waits for that, for whoever lacks a committed record is not in sync. All else goes as fast as it can: who counts holds
     * writes up, who was here before is missed as a copy, and what comes behind the backlog or a snapshot is being written
     * now, so that one who is held back there might never catch up.
     */
    private long backlog(FollowerProgress progress, Hello hello, boolean paced) {
        if (!paced) {
            return 0;
        }
        return hello.log().lastSeq() == 0 ? context.journal.committed() : progress.backlog;
    }

    /**
     * Where a follower that needs a snapshot left this log, if it did: what it has behind that was never committed, or was
     * given up, and need not be in a snapshot. {@link LogPosition#NONE}: that cannot be told.
     */
    private LogPosition parting(Hello hello, long common) {
        var theirs = hello.log();
        if (hello.installing()) {
            return LogPosition.NONE;
        }
        if (common >= hello.committed() && theirs.knows(common)) {
            return theirs.at(common);
        }
        var shape = context.journal.shape();
        boolean foreignTail = common == LogShape.NO_COMMON_PREFIX
                && shape.excludes(theirs, theirs.lastSeq())
                && !shape.excludes(theirs, hello.committed());
        return foreignTail && theirs.knows(hello.committed()) ? theirs.at(hello.committed()) : LogPosition.NONE;
    }

    /**
     * One that has nothing, while much is committed: the state is shorter than its history, and snapshots are paced. What
     * is not committed is in no snapshot, and may wait for this very replica.
     */
    private boolean isNewcomer(Hello hello) {
        return hello.log().lastSeq() == 0 && context.journal.committed() > ReplicaLimits.NEWCOMER_RECORDS;
    }

    void lost(long stream) {
        var progress = byStream.remove(stream);
        if (progress != null && progress.stream == stream) {
            progress.stream = 0;
            progress.attached = false;
            progress.pace.forget();
        }
    }

    /** Whether a replica is waiting for a snapshot, having been told that the log no longer reaches back to it. */
    boolean isToInstall(Member member) {
        var progress = byNode.get(member.node());
        return progress != null
                && progress.stream != 0
                && !progress.attached
                && progress.incarnation == member.incarnation();
    }

    /** Ends all streams. */
    void dropAll() {
        for (var progress : byNode.values()) {
            if (progress.stream != 0) {
                context.act(new ReplicaAction.DropFollower(progress.stream));
            }
        }
        byStream.clear();
        byNode.clear();
    }

    /** Notes an acknowledgement; null where it is none of an attached stream. */
    @Nullable
    FollowerProgress acknowledged(long stream, Ack ack) {
        var progress = byStream.get(stream);
        if (progress == null || !progress.attached || ack.epoch() != epoch) {
            return null;
        }
        if (ack.incarnation() != progress.incarnation || ack.persistedSeq() > progress.sent) {
            return null;
        }
        heard(progress);
        if (ack.persistedSeq() > progress.acked) {
            progress.acked = ack.persistedSeq();
            progress.progressNanos = context.now().nanos();
            progress.pace.durable(progress.acked, progress.progressNanos);
        }
        return progress;
    }

    private void heard(FollowerProgress progress) {
        progress.heardNanos = context.now().nanos();
    }

    /** A beat of this epoch was answered. */
    void heard(NodeId from, BeatAnswer answer) {
        var progress = on(from);
        heard(progress);
        progress.leaving = answer.leaving();
        progress.full = answer.full();
    }

    /** Members that could be heard within the lag time, this one included. */
    int heard(ShardConfig config) {
        int heard = 1;
        for (var member : config.candidates()) {
            if (!member.node().equals(context.self.node())
                    && context.now().nanos() - on(member.node()).heardNanos <= context.timing.lagNanos()) {
                heard++;
            }
        }
        return heard;
    }

    /** In-sync members whose disks have room, this one included, as far as was heard. */
    int roomy(ShardConfig config) {
        int roomy = 0;
        for (var member : config.inSync()) {
            boolean self = member.node().equals(context.self.node());
            if (!(self ? context.isFull() : on(member.node()).full)) {
                roomy++;
            }
        }
        return roomy;
    }

    // ---- sending

    /** Records are about to be appended: whoever has acknowledged everything so far starts its time now. */
    void aboutToAppend() {
        long last = context.journal.lastSeq();
        for (var progress : byNode.values()) {
            if (progress.acked >= last) {
                progress.progressNanos = context.now().nanos();
            }
        }
    }

    /** Records up to the log's end were appended: how long does each take? */
    void appended() {
        long last = context.journal.lastSeq();
        long now = context.now().nanos();
        ownPace.appended(last, now);
        for (var progress : byNode.values()) {
            if (progress.attached) {
                progress.pace.appended(last, now);
            }
        }
    }

    void fillAll(long cfg) {
        for (var progress : byNode.values()) {
            fill(progress, cfg);
        }
    }

    /** Sends what is there and fits into the window. */
    void fill(FollowerProgress progress, long cfg) {
        var journal = context.journal;
        if (!progress.attached || progress.sent >= journal.lastSeq()) {
            return;
        }
        if (progress.sent + 1 < journal.shape().firstSeq()) {
            // Trimmed away in the meantime; a new hello leads to a snapshot.
            long stream = progress.stream;
            context.act(new ReplicaAction.RefuseFollower(stream, new Refusal(RefuseReason.GAP, epoch)));
            lost(stream);
            return;
        }
        long room = ReplicaLimits.IN_FLIGHT_RECORDS - progress.inFlight();
        if (room > 0) {
            send(progress, Math.min(journal.lastSeq(), progress.sent + room), cfg);
        }
    }

    /** Tells idle followers of a commit mark that no record will carry to them soon. */
    void tellCommitted(long cfg) {
        for (var progress : byNode.values()) {
            if (progress.attached
                    && progress.sentCommitted < context.journal.committed()
                    && progress.sent >= context.journal.lastSeq()) {
                send(progress, progress.sent, cfg);
            }
        }
    }

    private void send(FollowerProgress progress, long upTo, long cfg) {
        var journal = context.journal;
        var previous = journal.shape().at(progress.sent);
        progress.sent = upTo;
        progress.sentCommitted = journal.committed();
        context.act(new ReplicaAction.SendAppend(progress.stream, epoch, cfg, previous, upTo, journal.committed()));
    }
}
