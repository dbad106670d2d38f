// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.NodeId;
import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.LogShape;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaRole;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Breaks things for a while, then mends everything. */
final class Nemesis {
    private static final long MILLI = SimNet.MILLI;

    private final Sim sim;
    private final SplittableRandom random;
    private final Sim.Plan plan;
    private final List<Fault> kinds = new ArrayList<>();
    private final Set<Fault> allowed;
    private final long end;
    private final long gap;
    private final List<Runnable> mends = new ArrayList<>();
    private final Map<Integer, String> struck = new TreeMap<>();
    private int strikes;

    /**
     * @param plan which faults may strike. The seed draws some of all kinds and decides when, so that a run with fewer
     *     allowed is the same run with some faults left out, as far as it can be; a focused one uses all it may
     */
    Nemesis(Sim sim, SplittableRandom random, Sim.Plan plan, long end) {
        this.sim = sim;
        this.random = random;
        this.plan = plan;
        this.allowed = plan.faults();
        this.end = end;
        double share = random.nextDouble(0.1, 0.7);
        for (var fault : EnumSet.allOf(Fault.class)) {
            boolean drawn = random.nextDouble() < share;
            if (plan.pace() == Sim.Pace.HASTY ? allowed.contains(fault) : drawn) {
                kinds.add(fault);
            }
        }
        this.gap = random.nextLong(200 * MILLI, 4_000 * MILLI);
    }

    void start() {
        if (!kinds.isEmpty()) {
            sim.queue.after(random.nextLong(3_000 * MILLI), this::strike);
        }
    }

    private void strike() {
        if (sim.queue.now() >= end) {
            return;
        }
        // Drawn from a source of its own, so that a strike left out leaves the others what they are.
        var own = random.split();
        int number = strikes++;
        var fault = kinds.get(own.nextInt(kinds.size()));
        var victim = sim.nodes.get(own.nextInt(sim.nodes.size()));
        var other = sim.nodes.get(own.nextInt(sim.nodes.size()));
        long duration = own.nextInt(4) == 0 ? own.nextLong(500 * MILLI) : own.nextLong(9_000 * MILLI);
        if (allowed.contains(fault) && plan.strikes(number)) {
            struck.put(
                    number,
                    String.format(
                            Locale.ROOT,
                            "%6d ms: %s of %s%s, %d ms",
                            sim.queue.now() / MILLI,
                            fault,
                            victim.id,
                            victim == other ? "" : " (" + other.id + ")",
                            duration / MILLI));
            strike(fault, victim, other, duration, own);
        }
        sim.queue.after(random.nextLong(gap) + MILLI, this::strike);
    }

    /** What struck so far, by number, in words. */
    Map<Integer, String> struck() {
        return struck;
    }

    private void strike(Fault fault, SimNode victim, SimNode other, long duration, RandomGenerator own) {
        sim.trace(() -> "nemesis: " + fault + " " + victim.id + " " + other.id + " " + duration / MILLI + " ms");
        sim.coverage.fault(fault);
        switch (fault) {
            case CRASH -> crash(victim, duration);
            case BLACKOUT -> sim.nodes.forEach(node -> crash(node, own.nextLong(duration + 1)));
            case PAUSE -> during(duration, victim::pause, victim::resume);
            case SUSPEND ->
                during(
                        duration,
                        () -> {
                            victim.pause();
                            victim.clock.suspend();
                        },
                        () -> {
                            victim.clock.resume();
                            victim.resume();
                        });
            case WIPE -> {
                if (sim.survivesLossOf(victim)) {
                    victim.wipe();
                    sim.queue.after(duration, victim::boot);
                }
            }
            case BIT_ROT -> {
                if (sim.survivesLossOf(victim)) {
                    victim.rot(own, duration);
                }
            }
            case FSYNC_ERROR -> victim.failNextFsync();
            case SLOW_DISK -> {
                long delay = own.nextLong(3_000 * MILLI);
                during(duration, () -> victim.diskDelay(delay), () -> victim.diskDelay(0));
            }
            case FORGED_EPOCH -> victim.deliver(victim.life(), forged(victim, other, own));
            case CUT_ONE_WAY -> cut(victim, other, duration);
            case CUT_PAIR -> {
                cut(victim, other, duration);
                cut(other, victim, duration);
            }
            case PARTITION -> {
                int side = own.nextInt(1 << sim.nodes.size());
                for (var a : sim.nodes) {
                    for (var b : sim.nodes) {
                        if ((side >> a.index & 1) != (side >> b.index & 1)) {
                            cut(a, b, duration);
                        }
                    }
                }
            }
            case ISOLATE -> {
                for (var node : sim.nodes) {
                    cut(victim, node, duration);
                    cut(node, victim, duration);
                }
            }
            case DUPLICATE -> {
                double rate = own.nextDouble(0.1, 1);
                during(duration, () -> sim.net.doubling(rate), () -> sim.net.doubling(0));
            }
            case REORDER -> {
                long lag = own.nextLong(3_000 * MILLI) + 1;
                boolean log = own.nextBoolean();
                during(duration, () -> sim.net.lag(log ? 0 : lag, log ? lag : 0), () -> sim.net.lag(0, 0));
            }
            case FLAKY -> {
                double loss = own.nextDouble(0.3);
                long delay = own.nextLong(5_000 * MILLI);
                during(duration, () -> sim.net.flaky(loss, delay), () -> sim.net.flaky(0, 0));
            }
            case ZK_CUT -> during(2 * duration, () -> sim.zk.cut(victim, 1), () -> sim.zk.cut(victim, -1));
            case ZK_EXPIRED -> sim.zk.expire(victim);
            case ZK_OUTAGE -> during(duration, () -> sim.zk.outage(1), () -> sim.zk.outage(-1));
            case ZK_LOST_ANSWERS -> {
                double rate = own.nextDouble(0.9);
                during(duration, () -> sim.zk.lostAnswers(rate), () -> sim.zk.lostAnswers(0));
            }
            case CLOCK_DRIFT -> {
                double rate = own.nextBoolean() ? own.nextDouble(0.3, 0.9) : own.nextDouble(1.1, 3);
                double before = victim.clock.rate();
                during(
                        duration,
                        () -> {
                            sim.clocksGoWild(duration);
                            victim.clock.rate(rate);
                        },
                        () -> victim.clock.rate(before));
            }
            case CLOCK_STEP -> victim.clock.step(own.nextLong(-10_800_000, 10_800_000));
            case STALL -> {
                if (victim != other) {
                    during(
                            duration,
                            () -> sim.net.stall(victim.index, other.index, 1),
                            () -> sim.net.stall(victim.index, other.index, -1));
                }
            }
            case FULL_DISK -> during(duration, () -> room(victim, true), () -> room(victim, false));
            case STOP -> {
                victim.deliver(victim.life(), new ReplicaEvent.LeaveAsked());
                sim.queue.after(own.nextLong(1_500 * MILLI) + 1, () -> crash(victim, duration));
            }
            case TRANSFER -> victim.deliver(victim.life(), new ReplicaEvent.TransferAsked(sim.nextTicket(), other.id));
            case REASSIGN -> sim.assign(assignment(own));
            case TRIM ->
                victim.deliver(
                        victim.life(), new ReplicaEvent.LogAged(Math.max(0, victim.disk.applied - own.nextLong(20))));
        }
    }

    /** One of the messages that make their receiver follow a higher epoch. */
    private ReplicaEvent forged(SimNode victim, SimNode liar, RandomGenerator own) {
        long above = own.nextInt(3) == 0 ? 1 : own.nextLong(2, Long.MAX_VALUE / 2);
        long epoch = sim.zk.current().config().epoch() + above;
        return switch (own.nextInt(4)) {
            case 0 ->
                new ReplicaEvent.BeatReceived(liar.id, sim.nextTicket(), new Beat(epoch, 0, 0, false, 0, false), null);
            case 1 ->
                new ReplicaEvent.BeatAnswered(
                        liar.id, new BeatAnswer(epoch, liar.disk.incarnation, 0, false, false, false), victim.now());
            case 2 -> new ReplicaEvent.AckReceived(0, new Ack(epoch, liar.disk.incarnation, 0));
            default ->
                new ReplicaEvent.HelloReceived(
                        sim.nextTicket(), new Hello(liar.member(), epoch, LogShape.empty(), 0, false));
        };
    }

    private void room(SimNode node, boolean full) {
        node.deliver(node.life(), new ReplicaEvent.RoomSeen(full));
    }

    private void crash(SimNode node, long duration) {
        node.crash();
        sim.queue.after(duration, node::boot);
    }

    private void cut(SimNode from, SimNode to, long duration) {
        if (from != to) {
            during(duration, () -> sim.net.cut(from.index, to.index, 1), () -> sim.net.cut(from.index, to.index, -1));
        }
    }

    /** Mends after the duration, or at the end of all faults, whichever comes first. */
    private void during(long duration, Runnable breaks, Runnable mend) {
        breaks.run();
        mends.add(mend);
        sim.queue.after(duration, () -> {
            if (mends.remove(mend)) {
                mend.run();
            }
        });
    }

    /** As many voters as ever, on other nodes, and perhaps an observer. */
    private ReplicaEvent.AssignmentSeen assignment(RandomGenerator own) {
        var wanted = new TreeMap<NodeId, ReplicaRole>();
        while (wanted.size() < sim.voters) {
            wanted.put(sim.nodes.get(own.nextInt(sim.nodes.size())).id, ReplicaRole.VOTER);
        }
        if (own.nextInt(3) == 0) {
            wanted.putIfAbsent(sim.nodes.get(own.nextInt(sim.nodes.size())).id, ReplicaRole.OBSERVER);
        }
        int minimum = own.nextInt(4) == 0 ? own.nextInt(1, sim.voters + 1) : sim.minimum;
        return new ReplicaEvent.AssignmentSeen(wanted, minimum);
    }

    /** The faults are over. */
    void mendAll() {
        var left = List.copyOf(mends);
        mends.clear();
        left.forEach(Runnable::run);
        sim.nodes.forEach(SimNode::boot);
    }
}
