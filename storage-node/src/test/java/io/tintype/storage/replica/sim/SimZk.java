// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.NodeId;
import io.tintype.storage.replica.CasOutcome;
import io.tintype.storage.replica.ConfigRules;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ShardConfig;
import io.tintype.storage.replica.VersionedConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** ZooKeeper, as far as one shard sees it: one znode, the nodes' sessions, watches that come late or never. */
final class SimZk {
    private static final long MILLI = SimNet.MILLI;
    private static final long SESSION = 10_000 * MILLI;
    private static final long REQUEST_TIMEOUT = 5_000 * MILLI;

    private final EventQueue queue;
    private final RandomGenerator random;
    private final Checker checker;
    private final List<SimNode> nodes;
    private final int[] cuts;
    private final int[] sessionChecks;
    private final Set<NodeId> live = new TreeSet<>();
    private final List<ShardConfig> underWay = new ArrayList<>();
    private int outages;
    private double lostAnswers;
    private VersionedConfig current;

    SimZk(EventQueue queue, RandomGenerator random, Checker checker, List<SimNode> nodes, ShardConfig initial) {
        this.queue = queue;
        this.random = random;
        this.checker = checker;
        this.nodes = nodes;
        this.cuts = new int[nodes.size()];
        this.sessionChecks = new int[nodes.size()];
        this.current = new VersionedConfig(initial, 0);
    }

    VersionedConfig current() {
        return current;
    }

    /** Changes asked for, which may land yet. */
    List<ShardConfig> underWay() {
        return underWay;
    }

    void lostAnswers(double rate) {
        lostAnswers = rate;
    }

    void outage(int by) {
        outages += by;
        if (outages == 0) {
            nodes.forEach(this::contact);
        }
    }

    void cut(SimNode node, int by) {
        cuts[node.index] += by;
        contact(node);
    }

    /** The node's session is over though the node is well; it begins another one. */
    void expire(SimNode node) {
        if (live.remove(node.id)) {
            tellLive();
            queue.after(random.nextLong(500 * MILLI) + 1, () -> contact(node));
        }
    }

    private boolean reaches(SimNode node) {
        return outages == 0 && cuts[node.index] == 0;
    }

    /** A node's way to ZooKeeper, or the node itself, came or went. An outage of ZooKeeper expires nobody. */
    void contact(SimNode node) {
        int check = ++sessionChecks[node.index];
        if (reaches(node) && node.isUp()) {
            queue.after(random.nextLong(5 * MILLI, 50 * MILLI), () -> {
                if (sessionChecks[node.index] == check) {
                    live.add(node.id);
                    tellLive();
                    node.deliver(node.life(), new ReplicaEvent.ConfigSeen(current));
                    node.deliver(node.life(), new ReplicaEvent.LivenessSeen(live));
                }
            });
        } else if (outages == 0) {
            queue.after(SESSION, () -> {
                if (sessionChecks[node.index] == check && live.remove(node.id)) {
                    tellLive();
                }
            });
        }
    }

    private void tellLive() {
        var seen = Set.copyOf(live);
        for (var node : nodes) {
            watch(node, new ReplicaEvent.LivenessSeen(seen));
        }
    }

    private void watch(SimNode node, ReplicaEvent event) {
        int life = node.life();
        boolean late = random.nextInt(8) == 0 || random.nextDouble() < lostAnswers;
        long delay = late ? random.nextLong(2_000 * MILLI) : random.nextLong(MILLI, 20 * MILLI);
        queue.after(delay, () -> {
            if (reaches(node)) {
                node.deliver(life, event);
            }
        });
    }

    void read(SimNode node, long ticket) {
        int life = node.life();
        queue.after(delay(), () -> {
            if (!reaches(node) || random.nextDouble() < lostAnswers / 4) {
                queue.after(
                        random.nextLong(REQUEST_TIMEOUT / 10, REQUEST_TIMEOUT),
                        () -> node.deliver(life, new ReplicaEvent.ConfigReadFailed(ticket)));
                return;
            }
            var found = current;
            queue.after(
                    delay(),
                    () -> node.deliver(
                            life,
                            reaches(node)
                                    ? new ReplicaEvent.ConfigRead(ticket, found)
                                    : new ReplicaEvent.ConfigReadFailed(ticket)));
        });
    }

    void compareAndSet(SimNode node, long ticket, ShardConfig next, int expected) {
        int life = node.life();
        boolean late = random.nextDouble() < lostAnswers / 2;
        boolean lost = late || random.nextDouble() < lostAnswers;
        underWay.add(next);
        queue.after(late ? random.nextLong(3_000 * MILLI) : delay(), () -> {
            underWay.remove(next);
            if (!reaches(node) && !late) {
                unknown(node, life, ticket, REQUEST_TIMEOUT);
                return;
            }
            boolean applied = outages == 0 && current.version() == expected;
            if (applied) {
                write(next);
            }
            if (!late && lost) {
                unknown(node, life, ticket, REQUEST_TIMEOUT);
            } else if (!late) {
                int version = current.version();
                queue.after(delay(), () -> {
                    if (reaches(node)) {
                        var outcome = applied ? CasOutcome.APPLIED : CasOutcome.BAD_VERSION;
                        node.deliver(life, new ReplicaEvent.CasAnswered(ticket, outcome, version));
                    } else {
                        unknown(node, life, ticket, REQUEST_TIMEOUT);
                    }
                });
            }
        });
        if (late) {
            unknown(node, life, ticket, REQUEST_TIMEOUT / 10);
        }
    }

    private void unknown(SimNode node, int life, long ticket, long within) {
        queue.after(
                random.nextLong(within / 10, within),
                () -> node.deliver(life, new ReplicaEvent.CasAnswered(ticket, CasOutcome.UNKNOWN, 0)));
    }

    private void write(ShardConfig next) {
        ConfigRules.requireSuccessor(current.config(), next);
        var primary = next.primary();
        if (next.losses() > current.config().losses() && primary != null) {
            nodes.stream().filter(node -> node.id.equals(primary)).forEach(checker::lose);
        }
        current = new VersionedConfig(next, current.version() + 1);
        checker.configWritten(current);
        for (var node : nodes) {
            watch(node, new ReplicaEvent.ConfigSeen(current));
        }
    }

    private long delay() {
        return random.nextLong(MILLI / 2, 15 * MILLI);
    }
}
