// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.VersionedConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What must hold, checked whenever something it depends on changes:
 *
 * <ul>
 *   <li>every acknowledged record is durable on every electable replica;
 *   <li>so is every record whose effect a linearizable read has shown, acknowledged or not;
 *   <li>what replicas apply is the same everywhere, and what it names is there;
 *   <li>what can be read is exactly what the records up to the applied mark make of it;
 *   <li>a place in the log never holds two different records;
 *   <li>an epoch has one primary, which leads it in one life only;
 *   <li>reads said to be linearizable show all that was acknowledged before they began; reads said to be at most so
 *       old show all that was acknowledged before that.
 * </ul>
 */
final class Checker {
    private final Sim sim;
    private final List<@Nullable Long> applied = new ArrayList<>();
    private final Map<Long, Map<Long, Long>> places = new HashMap<>();
    private final Map<Long, String> primaries = new HashMap<>();
    private final Map<Long, Long> promises = new HashMap<>();
    private final List<Ack> acks = new ArrayList<>();

    /** What must never be lost, by place: acknowledged, or shown by a linearizable read. */
    private final TreeMap<Long, Ack> lasting = new TreeMap<>();

    private long shownSeq;

    private long acknowledgedSeq;
    private long forcedEpoch;
    private long forcedBase;
    private int lost;

    private record Ack(long seq, long value, long at) {}

    Checker(Sim sim) {
        this.sim = sim;
    }

    /** Records acknowledged to clients so far. */
    int acknowledged() {
        return acks.size();
    }

    /** The highest place of an acknowledged record. */
    long acknowledgedSeq() {
        return acknowledgedSeq;
    }

    /** The longest time without an acknowledgement since a time, in virtual nanoseconds. */
    long longestSilence(long since) {
        long last = since;
        long longest = 0;
        for (var ack : acks) {
            if (ack.at() > last) {
                longest = Math.max(longest, ack.at() - last);
                last = ack.at();
            }
        }
        return Math.max(longest, sim.queue.now() - last);
    }

    // ---- what an operator gave up

    /**
     * A replica leads from now on by force: what it does not have is lost, by an operator's word. Nobody else runs.
     */
    void lose(SimNode chosen) {
        var log = chosen.disk.durable.log;
        int before = acks.size();
        acks.removeIf(ack ->
                log.size() < ack.seq() || log.get((int) ack.seq() - 1).value() != ack.value());
        lasting.values()
                .removeIf(kept ->
                        log.size() < kept.seq() || log.get((int) kept.seq() - 1).value() != kept.value());
        shownSeq = Math.min(shownSeq, log.size());
        acknowledgedSeq = acks.stream().mapToLong(Ack::seq).max().orElse(0);
        while (applied.size() > log.size()) {
            applied.remove(applied.size() - 1);
        }
        forcedEpoch = chosen.disk.durable.promise;
        forcedBase = log.size();
        sim.nodes.forEach(node -> node.disk.lost(log.size()));
        sim.ledger.lose(log.size());
        lost += before - acks.size();
    }

    /** Acknowledged records that were lost by an operator's word. */
    int lost() {
        return lost;
    }

    /** Whether a disk shows records that were given up: it will be filled anew, and nobody reads from it until then. */
    boolean showsWhatIsLost(SimNode node) {
        var log = node.disk.seen.log;
        return node.disk.applied > forcedBase
                && node.disk.applied <= log.size()
                && log.get((int) node.disk.applied - 1).epoch() < forcedEpoch;
    }

    // ---- what is acknowledged stays

    void acknowledged(long seq, long value) {
        var ack = new Ack(seq, value, sim.queue.now());
        acks.add(ack);
        acknowledgedSeq = Math.max(acknowledgedSeq, seq);
        lasts(ack);
    }

    void configWritten(VersionedConfig written) {
        sim.trace(() -> "zk: " + written);
        for (var member : written.config().candidates()) {
            requireAllDurable(member);
        }
    }

    /** The durable part of a disk changed. */
    void diskChanged(SimNode node) {
        if (sim.zk.current().config().mayBeElected(node.member())) {
            requireAllDurable(node.member());
        }
    }

    /** What a disk promised durably it promises for as long as it lives, whatever else is replaced. */
    void promised(SimNode node) {
        long promise = node.disk.durable.promise;
        long epoch = sim.zk.current().config().epoch();
        if (promise > epoch + 1) {
            throw new SimFailure(node.member() + " promised epoch " + promise + " in epoch " + epoch
                    + ": nobody can ever lead in it, and it follows nobody else");
        }
        long before = promises.merge(node.disk.incarnation, promise, Math::max);
        if (promise < before) {
            throw new SimFailure(node.member() + " promised epoch " + before + ", and has forgotten it");
        }
    }

    // ---- what can be read follows from the log

    /** A process starts from what its disk has. */
    void booted(SimNode node) {
        if (!node.disk.seen.installing) {
            if (node.disk.applied + 1 < node.disk.seen.firstSeq) {
                throw new SimFailure(node.id + " has applied " + node.disk.applied + ", and its log begins at "
                        + node.disk.seen.firstSeq);
            }
            if (!showsWhatIsLost(node)) {
                requireTruthful(node);
            }
        }
    }

    /** What a replica that is not being installed shows is exactly what the records up to its mark make of it. */
    void requireTruthful(SimNode node) {
        var expected = new TreeMap<Long, Long>();
        for (int i = 0; i < node.disk.applied; i++) {
            var value = applied.get(i);
            if (value == null) {
                throw new SimFailure(node.id + " has applied " + (i + 1) + ", which nobody ever applied");
            }
            new Rec(0, value).applyTo(expected);
        }
        var shown = node.disk.state();
        if (!shown.equals(expected)) {
            throw new SimFailure(
                    node.id + " shows " + shown + " as of record " + node.disk.applied + ", which makes " + expected);
        }
    }

    void wiped(SimNode node) {
        sim.trace(() -> node.id + " is wiped; now " + node.member());
    }

    private void requireAllDurable(Member member) {
        for (var ack : lasting.values()) {
            requireDurable(member, ack);
        }
    }

    /** Makes sure of one more record that must not be lost from now on. */
    private void lasts(Ack record) {
        lasting.put(record.seq(), record);
        for (var member : sim.zk.current().config().candidates()) {
            requireDurable(member, record);
        }
    }

    private void requireDurable(Member member, Ack ack) {
        var disk = sim.node(member.node()).disk;
        if (disk.incarnation != member.incarnation()) {
            return;
        }
        var log = disk.durable.log;
        if (Rec.hasChunk(ack.value()) && !disk.durable.chunks.get((int) ack.value())) {
            throw new SimFailure("a chunk of acknowledged or shown record " + ack.value() + " at " + ack.seq()
                    + " is not on the disk of " + member + ", which may be elected");
        }
        if (log.size() < ack.seq() || log.get((int) ack.seq() - 1).value() != ack.value()) {
            throw new SimFailure(
                    "acknowledged or shown record " + ack.value() + " at " + ack.seq() + " is not in the log of "
                            + member + ", which may be elected: it has " + log.size() + " records under "
                            + sim.zk.current());
        }
    }

    // ---- everybody applies the same

    /** A replica applies records {@code after + 1} to {@code upTo} of its log. */
    void applied(SimNode node, long after, long upTo) {
        var log = node.disk.seen.log;
        for (long seq = after + 1; seq <= upTo; seq++) {
            long value = log.get((int) seq - 1).value();
            if (Rec.hasChunk(value) && !node.disk.seen.chunks.get((int) value)) {
                throw new SimFailure(node.id + " shows record " + seq + ", and does not have the chunk it names");
            }
            while (applied.size() < seq) {
                applied.add(null);
            }
            var known = applied.get((int) seq - 1);
            if (known == null) {
                applied.set((int) seq - 1, value);
                sim.ledger.apply(seq, value);
            } else if (known != value) {
                throw new SimFailure(node.id + " applies " + value + " at " + seq + ", where another applied " + known);
            }
        }
    }

    /** Records go into some log; those of one epoch and number are the same everywhere. */
    void appended(long previousSeq, List<Rec> records) {
        for (int i = 0; i < records.size(); i++) {
            var record = records.get(i);
            long seq = previousSeq + i + 1;
            var known = places.computeIfAbsent(record.epoch(), epoch -> new HashMap<>())
                    .putIfAbsent(seq, record.value());
            if (known != null && known != record.value()) {
                throw new SimFailure(
                        "epoch " + record.epoch() + " has both " + known + " and " + record.value() + " at " + seq);
            }
        }
    }

    void becamePrimary(SimNode node, long epoch) {
        var known = primaries.putIfAbsent(epoch, node.id + " in life " + node.life());
        if (known != null) {
            throw new SimFailure("epoch " + epoch + " is led by " + node.id + " in life " + node.life()
                    + ", and was led by " + known);
        }
    }

    // ---- reads

    /** A linearizable read that began when {@code seq} was the highest acknowledged place showed {@code shown}. */
    void read(SimNode node, long seq, long shown) {
        if (shown < seq && !sim.clocksAreWild()) {
            throw new SimFailure(node.id + " serves a read of record " + shown + " as current, but " + seq
                    + " was acknowledged before it began");
        }
        var log = node.disk.seen.log;
        while (shownSeq < Math.min(shown, log.size()) && !sim.clocksAreWild()) {
            shownSeq++;
            lasts(new Ack(shownSeq, log.get((int) shownSeq - 1).value(), sim.queue.now()));
        }
    }

    /** A read showed {@code shown} and was said to be no older than a virtual time. */
    void boundedRead(SimNode node, long asOf, long shown) {
        for (int i = acks.size() - 1; i >= 0 && !sim.clocksAreWild(); i--) {
            var ack = acks.get(i);
            if (ack.at() <= asOf && ack.seq() > shown) {
                throw new SimFailure(node.id + " serves record " + shown + " as of " + asOf / SimNet.MILLI + " ms, but "
                        + ack.seq() + " was acknowledged at " + ack.at() / SimNet.MILLI + " ms");
            }
            if (ack.at() < asOf - 20_000 * SimNet.MILLI) {
                return;
            }
        }
    }
}
