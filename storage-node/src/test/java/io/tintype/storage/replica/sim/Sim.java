// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.NodeId;
import io.tintype.storage.replica.Append;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.replica.RuleSwitch;
import io.tintype.storage.replica.ShardConfig;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One run: a shard's replicas, their machines, the network and ZooKeeper, clients and a nemesis, all drawn from one
 * seed. First faults strike; then everything is mended, and the shard must be whole again within bounded time.
 */
final class Sim {
    private static final long MILLI = SimNet.MILLI;
    private static final long RECOVERY = 90_000 * MILLI;
    private static final long MAX_EVENTS = 20_000_000;

    /** After so long, nothing rests any more on what clocks said before. */
    private static final long LEASES_OVER = 20_000 * MILLI;

    private static final int TRACED_LINES = 4_000;

    /** What keeps the peace, and nothing else: off in many runs. */
    private static final List<String> PEACE = List.of("PATIENCE", "CANDIDATES_ASK_FIRST");

    /** Reads do not look whether the replica served when the value was read. A rule of the reader, not of the core. */
    static final String TWO_LOOKS = "READS_TAKE_THREE_LOOKS";

    /** An answer to a beat, and the answering node's clock at that moment. */
    record StampedAnswer(BeatAnswer answer, long stamp) {}

    final EventQueue queue = new EventQueue();
    final SplittableRandom random;
    final Coverage coverage = new Coverage();
    final Checker checker = new Checker(this);
    final List<SimNode> nodes = new ArrayList<>();
    final IdentityHashMap<Append, List<Rec>> cargo = new IdentityHashMap<>();
    final List<SimDisk.Snapshot> snapshots = new ArrayList<>();
    final int voters;
    final int minimum;
    final SimNet net;
    final SimZk zk;
    final Clients clients;
    final Ledger ledger = new Ledger(this);
    final Callers callers;
    private final Nemesis nemesis;
    private final RuleSwitch rules = new RuleSwitch();
    private final boolean hasty;
    private final Set<String> rulesOff;
    private final Map<Long, Consumer<StampedAnswer>> beats = new HashMap<>();
    private final Map<Long, Consumer<BallotAnswer>> ballots = new HashMap<>();
    private final Deque<String> traced = new ArrayDeque<>();
    private final boolean tracing;
    private final long faultsEnd;
    private ReplicaEvent.AssignmentSeen assigned;
    private long tickets;
    private long wildUntil;

    /** How a run goes about it. */
    enum Pace {
        /** The seed decides. */
        DRAWN,
        /** Followers stand for election only when they should. */
        PATIENT,
        /** Followers stand when they please, and every fault that is allowed strikes. */
        HASTY
    }

    /**
     * What to run: everything the seed does not decide.
     *
     * @param faults faults that may strike
     * @param rulesOff rules that are switched off
     * @param voters replicas; 0: the seed decides
     * @param minimum in-sync replicas that a write needs; 0: the seed decides
     * @param spares machines without a replica at first; negative: the seed decides
     * @param callers callers whose history is checked; negative: the seed decides
     * @param strikes numbers of the strikes that are carried out; null: all
     * @param pace whether followers are patient, and whether all faults allowed strike
     * @param tracing keeps the last lines of what happened
     */
    record Plan(
            Set<Fault> faults,
            Set<String> rulesOff,
            int voters,
            int minimum,
            int spares,
            int callers,
            @Nullable Set<Integer> strikes,
            Pace pace,
            boolean tracing) {
        /** All faults, all rules, a shape drawn by the seed. */
        static final Plan ANYTHING =
                new Plan(EnumSet.allOf(Fault.class), Set.of(), 0, 0, -1, -1, null, Pace.DRAWN, false);

        Plan without(String... rules) {
            return new Plan(faults, Set.of(rules), voters, minimum, spares, callers, strikes, pace, tracing);
        }

        Plan shaped(int replicas, int inSync) {
            return new Plan(faults, rulesOff, replicas, inSync, spares, callers, strikes, pace, tracing);
        }

        Plan withSpares(int machines) {
            return new Plan(faults, rulesOff, voters, minimum, machines, callers, strikes, pace, tracing);
        }

        Plan withCallers(int count) {
            return new Plan(faults, rulesOff, voters, minimum, spares, count, strikes, pace, tracing);
        }

        Plan striking(Set<Integer> some) {
            return new Plan(faults, rulesOff, voters, minimum, spares, callers, some, pace, tracing);
        }

        Plan focusedOn(Fault first, Fault... more) {
            return new Plan(
                    EnumSet.of(first, more), rulesOff, voters, minimum, spares, callers, strikes, Pace.HASTY, tracing);
        }

        /** Followers are patient, as in production. */
        Plan patient() {
            return new Plan(faults, rulesOff, voters, minimum, spares, callers, strikes, Pace.PATIENT, tracing);
        }

        Plan traced() {
            return new Plan(faults, rulesOff, voters, minimum, spares, callers, strikes, pace, true);
        }

        /** Whether the strike of this number is carried out. */
        boolean strikes(int number) {
            return strikes == null || strikes.contains(number);
        }
    }

    Sim(long seed, Plan plan) {
        this.random = new SplittableRandom(seed);
        this.tracing = plan.tracing();
        int drawn = random.nextInt(8);
        this.voters = plan.voters() > 0 ? plan.voters() : drawn == 0 ? 1 : drawn <= 2 ? 2 : 3;
        int drawnMinimum = random.nextInt(1, 4);
        this.minimum = plan.minimum() > 0 ? plan.minimum() : Math.min(voters, drawnMinimum == 3 ? 2 : drawnMinimum);
        int drawnSpares = random.nextInt(3);
        int spares = plan.spares() >= 0 ? plan.spares() : drawnSpares;
        this.net = new SimNet(queue, random, coverage, voters + spares);
        for (int i = 0; i < voters + spares; i++) {
            double drift = 1 + random.nextDouble(-0.02, 0.02);
            nodes.add(new SimNode(this, i, new SimClock(queue, drift)));
        }
        var replicas = new TreeMap<NodeId, ReplicaRole>();
        var members = new TreeSet<Member>();
        for (var node : nodes.subList(0, voters)) {
            replicas.put(node.id, ReplicaRole.VOTER);
            members.add(node.member());
        }
        this.assigned = new ReplicaEvent.AssignmentSeen(replicas, minimum);
        this.zk = new SimZk(queue, random, checker, nodes, ShardConfig.initial(members, replicas, minimum));
        this.clients = new Clients(this, plan.rulesOff().contains(TWO_LOOKS));
        int drawnCallers = random.nextInt(2, 6);
        this.callers = new Callers(this, plan.callers() >= 0 ? plan.callers() : drawnCallers);
        this.rulesOff = plan.rulesOff();
        if (random.nextBoolean()) {
            rules.off("TRIM_IN_STEPS"); // else a run is too short for any log to be trimmed
        }
        plan.rulesOff().stream().filter(RuleSwitch.names()::contains).forEach(rules::off);
        boolean drawnHaste = random.nextInt(3) == 0;
        this.hasty = plan.pace() == Pace.DRAWN ? drawnHaste : plan.pace() == Pace.HASTY;
        if (hasty) {
            PEACE.forEach(rules::off);
        }
        this.faultsEnd = random.nextLong(20_000 * MILLI, 60_000 * MILLI);
        this.nemesis = new Nemesis(this, random.split(), plan, faultsEnd);
    }

    /** Runs to the end; throws {@link SimFailure} at the first invariant that does not hold. */
    void run() {
        start();
        nemesis.start();
        advance(faultsEnd);
        trace(() -> "nemesis: all is mended");
        nemesis.mendAll();
        if (hasty) {
            PEACE.forEach(rules::on);
        }
        long mended = queue.now();
        int acknowledged = checker.acknowledged();
        while (!isWhole() || checker.acknowledged() == acknowledged) {
            if (queue.now() > mended + RECOVERY) {
                throw new SimFailure("not whole " + RECOVERY / MILLI + " ms after the last fault: " + describe());
            }
            advance(queue.now() + 500 * MILLI);
        }
        advance(Math.max(queue.now(), wildUntil));
        callers.stop();
        long whole = queue.now();
        while (!callers.areDone()) {
            if (queue.now() > whole + RECOVERY) {
                throw new SimFailure("callers get no answer from a shard that is whole: " + describe());
            }
            advance(queue.now() + 500 * MILLI);
        }
        callers.check();
    }

    /** Boots all nodes and lets the clients loose. */
    void start() {
        nodes.forEach(node -> queue.after(random.nextLong(500 * MILLI), node::boot));
        clients.start();
        callers.start();
    }

    /** Runs on to a time. */
    void advance(long until) {
        while (queue.now() < until) {
            queue.runUntil(Math.min(until, queue.now() + 500 * MILLI));
            if (queue.count() > MAX_EVENTS) {
                throw new SimFailure("something runs wild: " + describe());
            }
        }
    }

    /** Somebody leads and may serve, and all who should be in sync are, under their present incarnations. */
    boolean isWhole() {
        var config = zk.current().config();
        if (!config.replicas().keySet().equals(assigned.replicas().keySet())
                || config.minInSync() != assigned.minInSync()
                || config.primary() == null) {
            return false;
        }
        for (var wanted : assigned.replicas().entrySet()) {
            boolean in = config.inSync().contains(node(wanted.getKey()).member());
            if (in != (wanted.getValue() == ReplicaRole.VOTER)) {
                return false;
            }
        }
        var primary = node(config.primary());
        long committed = checker.acknowledgedSeq();
        boolean allApply =
                assigned.replicas().keySet().stream().allMatch(id -> node(id).disk.applied >= committed - 50);
        return allApply
                && primary.state() == ReplicaState.PRIMARY
                && primary.permit().isValid(primary.now());
    }

    String describe() {
        var text = new StringBuilder(zk.current().toString());
        for (var node : nodes) {
            var core = node.core();
            text.append("\n  ")
                    .append(node.member())
                    .append(' ')
                    .append(core == null ? "down" : core.status() + " " + core.log());
        }
        return text.append("\n  assigned ").append(assigned).toString();
    }

    // ---- what the parts share

    /** Whether a rule of the machines, not of the core, is kept. */
    boolean keeps(String rule) {
        return !rulesOff.contains(rule);
    }

    ReplicaCore newCore() {
        return rules.core(ReplicaTiming.DEFAULT);
    }

    SimNode node(NodeId id) {
        return nodes.get(id.value().charAt(1) - 'a');
    }

    Optional<ReplicaEvent> assignment() {
        return Optional.of(assigned);
    }

    void assign(ReplicaEvent.AssignmentSeen wanted) {
        assigned = wanted;
        for (var node : nodes) {
            int life = node.life();
            queue.after(random.nextLong(500 * MILLI), () -> node.deliver(life, assigned));
        }
    }

    /** Whether somebody electable is left, under any configuration that may come about, without this node's disk. */
    boolean survivesLossOf(SimNode node) {
        var configs = new ArrayList<>(zk.underWay());
        configs.add(zk.current().config());
        for (var config : configs) {
            if (config.candidates().stream().noneMatch(member -> !member.node().equals(node.id) && isIntact(member))) {
                return false;
            }
        }
        return true;
    }

    private boolean isIntact(Member member) {
        var disk = node(member.node()).disk;
        return disk.incarnation == member.incarnation() && !disk.isLossy() && !disk.isRotten();
    }

    /** A machine's clocks leave the bound for so long. */
    void clocksGoWild(long nanos) {
        wildUntil = Math.max(wildUntil, queue.now() + nanos + LEASES_OVER);
    }

    /** Whether clocks are out of bounds, or were a moment ago: then leases prove nothing. */
    boolean clocksAreWild() {
        return queue.now() < wildUntil;
    }

    /** What struck, by number. */
    Map<Integer, String> struck() {
        return nemesis.struck();
    }

    long nextTicket() {
        return ++tickets;
    }

    List<Rec> cargo(Append header) {
        var records = cargo.get(header);
        if (records == null) {
            throw new IllegalStateException("no bytes for " + header);
        }
        return records;
    }

    void onBeat(long ticket, Consumer<StampedAnswer> answered) {
        beats.put(ticket, answered);
    }

    void answerBeat(long ticket, StampedAnswer answer) {
        Optional.ofNullable(beats.remove(ticket)).ifPresent(answered -> answered.accept(answer));
    }

    void onBallot(long ticket, Consumer<BallotAnswer> answered) {
        ballots.put(ticket, answered);
    }

    void answerBallot(long ticket, BallotAnswer answer) {
        Optional.ofNullable(ballots.remove(ticket)).ifPresent(answered -> answered.accept(answer));
    }

    // ---- telling what happened

    void trace(Supplier<String> line) {
        if (tracing) {
            traced.add(queue.now() / MILLI + " " + line.get());
            if (traced.size() > TRACED_LINES) {
                traced.remove();
            }
        }
    }

    List<String> traced() {
        return List.copyOf(traced);
    }
}
