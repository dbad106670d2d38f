// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.AcceptSnapshot;
import io.tintype.storage.replica.ReplicaAction.DeclineSnapshot;
import io.tintype.storage.replica.ReplicaAction.InstallSnapshot;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a machine does to install a snapshot, step by step: asks for one, is offered one of some moment, marks its disk,
 * writes part after part, and ends it all with one write. The process or the source may die between any two steps, and
 * any snapshot ever taken may come late or twice.
 *
 * <p>The rules that the shell keeps here can be switched off, as those of the core can.
 */
final class SimInstall {
    /** What was there is given up before anything new is written. */
    static final String REPLACES = "INSTALL_REPLACES_EVERYTHING";

    /** The disk says that an installation is under way until it is whole. */
    static final String MARKED = "INSTALL_IS_MARKED";

    /** A snapshot counts once all of it is durable. */
    static final String DURABLE = "INSTALL_COUNTS_ONCE_DURABLE";

    /** State and mark are of one moment. */
    static final String ONE_MOMENT = "SNAPSHOT_IS_OF_ONE_MOMENT";

    /** The promise is of the replica, not of its log. */
    static final String KEEPS_PROMISE = "INSTALL_KEEPS_THE_PROMISE";

    static final List<String> RULES = List.of(REPLACES, MARKED, DURABLE, ONE_MOMENT, KEEPS_PROMISE);

    private static final long MILLI = SimNet.MILLI;

    private final Sim sim;
    private final SimNode node;
    private SimDisk.@Nullable Snapshot offered;
    private @Nullable SimNode source;

    SimInstall(Sim sim, SimNode node) {
        this.sim = sim;
        this.node = node;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof InstallSnapshot install) {
            ask(install);
        } else if (action instanceof DeclineSnapshot) {
            sim.coverage.count("snapshot declined");
            offered = null;
        } else if (action instanceof AcceptSnapshot accept) {
            var snapshot = offered;
            if (snapshot == null) {
                throw new IllegalStateException("nothing was offered to " + node.id);
            }
            begin(accept.stream(), snapshot);
        } else {
            return false;
        }
        return true;
    }

    void died() {
        offered = null;
    }

    private void ask(InstallSnapshot install) {
        later(200 * MILLI, () -> {
            var asked = sim.node(install.primary());
            var core = asked.core();
            source = asked;
            if (core == null || isUnlucky(asked) || !core.mayFeed(node.member(), install.epoch())) {
                fail(install.stream());
                return;
            }
            sim.snapshots.add(snapshot(asked));
            boolean latest = sim.random.nextInt(6) > 0;
            var snapshot =
                    sim.snapshots.get(latest ? sim.snapshots.size() - 1 : sim.random.nextInt(sim.snapshots.size()));
            later(1_000 * MILLI, () -> {
                offered = snapshot;
                deliver(new ReplicaEvent.SnapshotOffered(install.stream(), snapshot.at()));
            });
        });
    }

    private SimDisk.Snapshot snapshot(SimNode from) {
        long applied = from.disk.applied;
        long moment = sim.keeps(ONE_MOMENT) ? applied : Math.max(from.disk.seen.baseSeq, applied - 3);
        var log = new ArrayList<>(from.disk.seen.log.subList(0, (int) applied));
        var chunks = new BitSet();
        log.stream().filter(Rec::hasChunk).forEach(record -> chunks.set((int) record.value()));
        chunks.and(from.disk.seen.chunks);
        return new SimDisk.Snapshot(log, from.disk.seen.state(moment), chunks);
    }

    private void begin(long stream, SimDisk.Snapshot snapshot) {
        sim.coverage.count("snapshot begun");
        var old = node.disk.state();
        node.disk.beginInstall();
        node.write(image -> {
            image.beginInstall();
            if (!sim.keeps(REPLACES)) {
                image.base.putAll(old);
            }
            if (!sim.keeps(MARKED)) {
                image.endInstall(snapshot);
            }
            if (!sim.keeps(KEEPS_PROMISE)) {
                image.promise = 0;
            }
        });
        int life = node.life();
        node.onceDurable(() -> {
            sim.checker.diskChanged(node);
            if (!sim.keeps(DURABLE)) {
                deliver(new ReplicaEvent.SnapshotInstalled(stream, SimDisk.Image.shapeAt(snapshot)));
            }
            if (node.isLife(life)) {
                parts(stream, snapshot, new ArrayList<>(snapshot.state().entrySet()));
            }
        });
    }

    private void parts(long stream, SimDisk.Snapshot snapshot, List<Map.Entry<Long, Long>> left) {
        later(60 * MILLI, () -> {
            if (source == null || isUnlucky(source)) {
                sim.coverage.count("snapshot cut short");
                fail(stream);
            } else if (left.isEmpty()) {
                end(stream, snapshot);
            } else {
                var some = left.subList(0, sim.random.nextInt(left.size()) + 1);
                var part = new TreeMap<Long, Long>();
                some.forEach(entry -> part.put(entry.getKey(), entry.getValue()));
                some.clear();
                node.write(image -> image.base.putAll(part));
                parts(stream, snapshot, left);
            }
        });
    }

    private void end(long stream, SimDisk.Snapshot snapshot) {
        node.write(image -> image.endInstall(snapshot));
        node.onceDurable(() -> {
            sim.coverage.count("snapshot installed");
            node.disk.endInstall();
            sim.checker.applied(node, 0, node.disk.applied);
            sim.checker.requireTruthful(node);
            sim.checker.diskChanged(node);
            deliver(new ReplicaEvent.SnapshotInstalled(stream, node.disk.seen.shape()));
        });
    }

    private boolean isUnlucky(SimNode asked) {
        return !asked.isUp() || sim.net.isCut(asked.index, node.index) || sim.random.nextInt(16) == 0;
    }

    private void fail(long stream) {
        deliver(new ReplicaEvent.SnapshotFailed(stream));
    }

    private void deliver(ReplicaEvent event) {
        node.deliver(node.life(), event);
    }

    private void later(long within, Runnable what) {
        int life = node.life();
        sim.queue.after(sim.random.nextLong(within) + 1, () -> {
            if (node.isLife(life)) {
                what.run();
            }
        });
    }
}
