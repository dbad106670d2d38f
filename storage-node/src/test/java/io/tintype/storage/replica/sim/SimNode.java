// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.NodeId;
import io.tintype.storage.history.Result;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReadPermit;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.Restfulness;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A machine with one replica's process on it: boots it, feeds it, carries out what it says, kills it. */
final class SimNode {
    private static final long MILLI = SimNet.MILLI;
    private static final String ROT = "a checksum does not fit";

    /** Heartbeats do not wait behind records and images. */
    static final String OWN_CHANNEL = "HEARTBEATS_HAVE_A_CHANNEL_OF_THEIR_OWN";

    final NodeId id;
    final int index;
    final SimClock clock;
    private final Sim sim;
    SimDisk disk;
    private final Map<Long, SimStream> following = new HashMap<>();
    private final Map<Long, SimStream> leading = new HashMap<>();
    private final SimStamps stamps = new SimStamps();
    private final Map<NodeId, Long> echoes = new HashMap<>();
    private final Deque<ReplicaEvent> backlog = new ArrayDeque<>();
    private final TreeMap<Long, Long> open = new TreeMap<>();
    private final SimInstall installer;
    private final TreeMap<Long, List<Runnable>> onceDurable = new TreeMap<>();
    private long written;
    private long durable;
    private @Nullable ReplicaCore core;
    private ReadPermit permit = ReadPermit.NONE;
    private Restfulness restfulness = new Restfulness();
    private long ticks;
    private int life;
    private int pauses;
    private boolean flushing;
    private long diskDelay;
    private boolean fsyncFails;

    SimNode(Sim sim, int index, SimClock clock) {
        this.sim = sim;
        this.index = index;
        this.id = new NodeId("n" + (char) ('a' + index));
        this.clock = clock;
        this.disk = new SimDisk(sim.random.nextLong() | 1);
        this.installer = new SimInstall(sim, this);
    }

    // ---- life and death

    int life() {
        return life;
    }

    boolean isUp() {
        return core != null;
    }

    boolean isPaused() {
        return pauses > 0;
    }

    boolean isLife(int wanted) {
        return isUp() && life == wanted;
    }

    Member member() {
        return new Member(id, disk.incarnation);
    }

    @Nullable
    ReplicaCore core() {
        return core;
    }

    void boot() {
        if (isUp()) {
            return;
        }
        life++;
        if (disk.isRotten() && sim.random.nextBoolean()) {
            replaceRotten();
        }
        core = sim.newCore();
        restfulness = new Restfulness();
        int booted = life;
        sim.checker.booted(this);
        deliver(
                booted,
                new ReplicaEvent.Booted(
                        member(), disk.seen.promise, disk.seen.shape(), disk.applied, disk.seen.installing));
        sim.assignment().ifPresent(assigned -> deliver(booted, assigned));
        sim.zk.contact(this);
        tick(booted);
        heartbeat(booted);
    }

    void crash() {
        if (!isUp()) {
            return;
        }
        sim.trace(() -> id + " dies");
        core = null;
        permit = ReadPermit.NONE;
        life++;
        disk.crash(sim.random);
        sim.checker.diskChanged(this);
        flushing = false;
        fsyncFails = false;
        backlog.clear();
        open.clear();
        installer.died();
        onceDurable.clear();
        written = 0;
        durable = 0;
        echoes.clear();
        following.values().forEach(stream -> stream.died(this));
        leading.values().forEach(stream -> stream.died(this));
        following.clear();
        leading.clear();
        sim.zk.contact(this);
    }

    /** The disk is gone; whatever boots here next is another incarnation. */
    void wipe() {
        crash();
        disk = new SimDisk(sim.random.nextLong() | 1);
        sim.checker.wiped(this);
    }

    /** Its disk will give back something else than was written, and it finds out when it reads that, or at some time. */
    void rot(RandomGenerator random, long after) {
        disk.rot(random);
        var damaged = disk;
        sim.queue.after(after, () -> {
            if (disk == damaged) {
                noticeRot();
            }
        });
    }

    /** Whether records can be read from the disk. */
    boolean reads(long after, long upTo) {
        if (disk.isRotten(after, upTo)) {
            noticeRot();
        }
        return !disk.isRotten(after, upTo);
    }

    /** A checksum does not fit: this incarnation is over, unless the same bytes read well the second time. */
    private void noticeRot() {
        if (!disk.isRotten() || !isUp()) {
            return;
        }
        if (sim.survivesLossOf(this)) {
            sim.coverage.count("bit rot noticed at work");
            int reading = life;
            sim.queue.after(1, () -> deliver(reading, new ReplicaEvent.PersistFailed(ROT)));
        } else {
            disk.recovered();
        }
    }

    /** A store that does not open is set aside, and the replica begins anew. */
    private void replaceRotten() {
        if (sim.survivesLossOf(this)) {
            sim.coverage.count("bit rot noticed at start");
            disk = new SimDisk(sim.random.nextLong() | 1);
            sim.checker.wiped(this);
        } else {
            disk.recovered();
        }
    }

    void pause() {
        pauses++;
    }

    void resume() {
        pauses--;
        drain(life);
    }

    /** What came in the meantime is worked off in order, and other things happen in between. */
    private void drain(int forLife) {
        if (isLife(forLife) && pauses == 0 && !backlog.isEmpty()) {
            step(backlog.remove());
            sim.queue.after(sim.random.nextLong(MILLI), () -> drain(forLife));
        }
    }

    void diskDelay(long nanos) {
        diskDelay = nanos;
    }

    void failNextFsync() {
        fsyncFails = true;
    }

    private void tick(int forLife) {
        if (isLife(forLife)) {
            if (!isPaused()) {
                if (restfulness.isDue(ticks++)) {
                    step(new ReplicaEvent.Tick());
                } else {
                    sim.coverage.count("tick left out at rest");
                }
            }
            sim.queue.after(50 * MILLI, () -> tick(forLife));
        }
    }

    private void heartbeat(int forLife) {
        if (beatOnce(forLife)) {
            sim.queue.after(250 * MILLI, () -> heartbeat(forLife));
        }
    }

    /** Whether it still lives. */
    private boolean beatOnce(int forLife) {
        var running = core;
        if (running == null || !isLife(forLife)) {
            return false;
        }
        if (!isPaused()) {
            beat(running);
        }
        return true;
    }

    // ---- heartbeats

    private void beat(ReplicaCore running) {
        var now = clock.now();
        if (restfulness.isAtRest()) {
            step(new ReplicaEvent.Tick());
            restfulness.tickedWithBeat();
            if (running != core) {
                return; // it died of that
            }
        }
        running.beat(now).ifPresent(beat -> {
            int sender = life;
            for (var target : running.beatTargets()) {
                var to = sim.node(target);
                long echo = echoes.getOrDefault(target, Long.MIN_VALUE);
                Runnable arrives = () -> {
                    long ticket = sim.nextTicket();
                    sim.onBeat(
                            ticket,
                            answer -> sim.net.datagram(to.index, index, () -> {
                                if (isLife(sender)) {
                                    echoes.merge(target, answer.stamp(), Math::max);
                                    deliver(sender, new ReplicaEvent.BeatAnswered(target, answer.answer(), now));
                                }
                            }));
                    to.deliver(to.life(), new ReplicaEvent.BeatReceived(id, ticket, beat, to.stamps.known(echo)));
                };
                if (sim.keeps(OWN_CHANNEL)) {
                    sim.net.datagram(index, to.index, arrives);
                } else {
                    sim.net.behindStreams(index, to.index, arrives);
                }
            }
        });
    }

    /** See {@link SimStamps#virtualTimeOf}. */
    long virtualTimeOf(long stamp) {
        return stamps.virtualTimeOf(stamp);
    }

    // ---- events and actions

    void deliver(int forLife, ReplicaEvent event) {
        if (!isLife(forLife)) {
            return;
        }
        if (isPaused() || !backlog.isEmpty()) {
            backlog.add(event);
        } else {
            step(event);
        }
    }

    private void step(ReplicaEvent event) {
        var running = core;
        if (running == null) {
            return;
        }
        if (!(event instanceof ReplicaEvent.Tick)) {
            sim.trace(() -> id + " <- " + event);
        }
        var before = running.status().state();
        var actions = running.step(event, clock.now(), sim.random);
        permit = running.permit();
        var state = running.status().state();
        restfulness.took(event, actions.size(), state);
        sim.coverage.state(before, state);
        int acting = life;
        for (var action : actions) {
            if (isLife(acting)) {
                sim.trace(() -> id + " -> " + action);
                carryOut(action);
            }
        }
    }

    private void carryOut(ReplicaAction action) {
        if (!SimActions.onDisk(sim, this, action) && !streams(action) && !coordination(action) && !elections(action)) {
            clients(action);
        }
    }

    private boolean streams(ReplicaAction action) {
        if (action instanceof ReplicaAction.OpenStream opened) {
            openStream(opened);
        } else if (action instanceof ReplicaAction.CloseStream closed) {
            var stream = following.remove(closed.stream());
            if (stream != null) {
                stream.closedByFollower(null);
            }
        } else if (action instanceof ReplicaAction.RefusePrimary refused) {
            var stream = following.remove(refused.stream());
            if (stream != null) {
                stream.closedByFollower(refused.refusal());
            }
        } else if (action instanceof ReplicaAction.SendAck ack) {
            var stream = following.get(ack.stream());
            if (stream != null) {
                stream.toPrimary(new ReplicaEvent.AckReceived(stream.primaryId, ack.ack()));
            }
        } else if (action instanceof ReplicaAction.SendAttach attach) {
            var stream = leading.get(attach.stream());
            if (stream != null) {
                stream.toFollower(new ReplicaEvent.AttachReceived(stream.followerId, attach.attach()));
            }
        } else if (action instanceof ReplicaAction.SendAppend append) {
            var stream = leading.get(append.stream());
            if (stream != null) {
                SimActions.send(sim, stream, append, disk);
            }
        } else if (action instanceof ReplicaAction.RefuseFollower refused) {
            var stream = leading.remove(refused.stream());
            if (stream != null) {
                stream.closedByPrimary(new ReplicaEvent.RefuseReceived(stream.followerId, refused.refusal()));
            }
        } else if (action instanceof ReplicaAction.DropFollower dropped) {
            var stream = leading.remove(dropped.stream());
            if (stream != null) {
                stream.closedByPrimary(new ReplicaEvent.PrimaryLost(stream.followerId, false));
            }
        } else {
            return installer.execute(action);
        }
        return true;
    }

    private void openStream(ReplicaAction.OpenStream opened) {
        following.values().forEach(stream -> stream.closedByFollower(null));
        following.clear();
        var primary = sim.node(opened.primary());
        long primaryId = sim.nextTicket();
        int opener = life;
        sim.queue.after(sim.random.nextLong(MILLI), () -> {
            if (!isLife(opener)) {
                return;
            }
            if (!primary.isUp() || sim.net.isCut(index, primary.index) || sim.net.isCut(primary.index, index)) {
                boolean refused =
                        !primary.isUp() && !sim.net.isCut(index, primary.index) && !sim.net.isCut(primary.index, index);
                sim.queue.after(
                        refused ? sim.random.nextLong(5 * MILLI) + 1 : sim.net.detection(),
                        () -> deliver(opener, new ReplicaEvent.PrimaryLost(opened.stream(), refused)));
                return;
            }
            var stream = new SimStream(sim, this, primary, opened.stream(), primaryId);
            following.put(opened.stream(), stream);
            primary.leading.put(primaryId, stream);
            stream.toPrimary(new ReplicaEvent.HelloReceived(primaryId, opened.hello()));
        });
    }

    private boolean coordination(ReplicaAction action) {
        if (action instanceof ReplicaAction.ReadConfig read) {
            sim.zk.read(this, read.ticket());
        } else if (action instanceof ReplicaAction.Cas cas) {
            sim.zk.compareAndSet(this, cas.ticket(), cas.next(), cas.expectedVersion());
        } else {
            return false;
        }
        return true;
    }

    private boolean elections(ReplicaAction action) {
        int asking = life;
        if (action instanceof ReplicaAction.AskBallot asked) {
            var to = sim.node(asked.to());
            sim.net.datagram(index, to.index, () -> {
                if (!to.isUp()) {
                    deliver(
                            asking,
                            new ReplicaEvent.BallotFailed(to.id, asked.ballot().round()));
                    return;
                }
                long ticket = sim.nextTicket();
                sim.onBallot(
                        ticket,
                        answer -> sim.net.datagram(
                                to.index,
                                index,
                                () -> deliver(asking, new ReplicaEvent.BallotAnswered(to.id, answer))));
                to.deliver(to.life(), new ReplicaEvent.BallotReceived(ticket, asked.ballot()));
            });
        } else if (action instanceof ReplicaAction.AnswerBallot answer) {
            sim.answerBallot(answer.ticket(), answer.answer());
        } else if (action instanceof ReplicaAction.AnswerBeat answer) {
            sim.answerBeat(
                    answer.ticket(), new Sim.StampedAnswer(answer.answer(), stamps.make(clock.now(), sim.queue.now())));
        } else if (action instanceof ReplicaAction.SendHandover handover) {
            var to = sim.node(handover.to());
            if (sim.net.takesHandovers()) {
                sim.net.datagram(
                        index,
                        to.index,
                        () -> to.deliver(to.life(), new ReplicaEvent.HandoverReceived(id, handover.epoch())));
            }
        } else {
            return false;
        }
        return true;
    }

    private void clients(ReplicaAction action) {
        if (action instanceof ReplicaAction.BecamePrimary became) {
            sim.checker.becamePrimary(this, became.epoch());
            int forLife = life;
            sim.queue.after(MILLI, () -> beatOnce(forLife));
        } else if (action instanceof ReplicaAction.FailOpenProposals) {
            open.values().forEach(value -> sim.callers.answered(value, Result.UNKNOWN));
            open.clear();
        } else if (action instanceof ReplicaAction.FailProposals failed) {
            failed.handles().forEach(value -> sim.callers.answered(value, Result.FAILED));
        } else if (action instanceof ReplicaAction.Fail failed) {
            sim.coverage.count("replica failed");
            if (failed.cause().equals(ROT) && !sim.survivesLossOf(this)) {
                disk.recovered(); // it read well after all
                crash();
            } else {
                wipe();
            }
            sim.queue.after(sim.random.nextLong(100 * MILLI, 3_000 * MILLI), this::boot);
        } else if (action instanceof ReplicaAction.AnswerOrder answer) {
            sim.coverage.count("order " + answer.outcome());
        } else if (!(action instanceof ReplicaAction.SteppedDown)) {
            throw new IllegalStateException("nobody carries out " + action);
        }
    }

    // ---- the disk's side of actions

    void write(SimDisk.Write write) {
        disk.write(write);
        written++;
        flushSoon();
    }

    /** Runs something once all that was written so far is durable; never, if the process dies first. */
    void onceDurable(Runnable then) {
        if (durable >= written) {
            then.run();
        } else {
            onceDurable.computeIfAbsent(written, key -> new ArrayList<>()).add(then);
        }
    }

    /** Proposals with these values are open from record {@code firstSeq} on. */
    void opened(long firstSeq, List<Long> values) {
        for (int i = 0; i < values.size(); i++) {
            open.put(firstSeq + i, values.get(i));
        }
    }

    private void flushSoon() {
        if (flushing) {
            return;
        }
        flushing = true;
        int writing = life;
        sim.queue.after(sim.random.nextLong(MILLI / 5, 4 * MILLI) + diskDelay, () -> {
            if (!isLife(writing)) {
                return;
            }
            int count = disk.unsynced();
            var promised = disk.seen.promise;
            var last = disk.seen.last();
            long appliedThen = disk.applied;
            sim.queue.after(sim.random.nextLong(MILLI / 5, 3 * MILLI), () -> {
                if (isLife(writing)) {
                    flushing = false;
                    flushed(writing, count, promised, last, appliedThen);
                }
            });
        });
    }

    private void flushed(int forLife, int count, long promised, LogPosition last, long appliedThen) {
        // Heard of at once: a process that goes on for a while may take out those who are intact, which is a second
        // fault.
        if (fsyncFails && !isPaused() && backlog.isEmpty() && sim.survivesLossOf(this)) {
            fsyncFails = false;
            disk.lose(count, sim.random);
            sim.checker.diskChanged(this);
            deliver(forLife, new ReplicaEvent.PersistFailed("the disk said no"));
            return;
        }
        if (disk.synced(count, appliedThen)) {
            sim.checker.diskChanged(this);
        }
        sim.checker.promised(this);
        durable += count;
        while (!onceDurable.isEmpty() && onceDurable.firstKey() <= durable) {
            onceDurable.pollFirstEntry().getValue().forEach(Runnable::run);
        }
        if (disk.unsynced() > 0) {
            flushSoon();
        }
        deliver(forLife, new ReplicaEvent.PromisePersisted(promised));
        if (last.seq() > 0) {
            deliver(forLife, new ReplicaEvent.Persisted(last));
        }
    }

    void apply(long upTo) {
        int applying = life;
        sim.queue.after(sim.random.nextLong(MILLI / 10, 2 * MILLI), () -> {
            if (isLife(applying) && upTo > disk.applied && upTo <= disk.seen.log.size() && reads(disk.applied, upTo)) {
                sim.checker.applied(this, disk.applied, upTo);
                disk.applied = upTo;
                var done = open.headMap(upTo, true);
                for (var entry : done.entrySet()) {
                    sim.checker.acknowledged(entry.getKey(), entry.getValue());
                    sim.callers.committed(
                            entry.getValue(), disk.seen.log.get((int) (entry.getKey() - 1)), entry.getKey());
                }
                done.clear();
                deliver(applying, new ReplicaEvent.Applied(upTo));
            }
        });
    }

    /** Drops old records, and says so once that is durable. */
    void trim(long upTo) {
        int trimming = life;
        sim.queue.after(sim.random.nextLong(20 * MILLI), () -> {
            if (isLife(trimming)) {
                write(image -> image.trim(upTo));
                onceDurable(() -> deliver(trimming, new ReplicaEvent.LogTrimmed(upTo + 1)));
            }
        });
    }

    // ---- reads

    ReadPermit permit() {
        return permit;
    }

    Now now() {
        return clock.now();
    }

    ReplicaState state() {
        return core == null ? ReplicaState.BOOTING : core.status().state();
    }
}
