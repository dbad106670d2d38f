// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which change of the configuration a primary should ask for next: one at a time, the most urgent first. Decides only;
 * {@link Leading} carries out and counts. Confined to the shard's loop.
 */
final class Membership {
    private final Context context;
    private final Followers followers;
    private final SlowMembers slow;
    private final long leadingSinceNanos;

    Membership(Context context, Followers followers) {
        this.context = context;
        this.followers = followers;
        this.slow = new SlowMembers(context, followers);
        this.leadingSinceNanos = context.now().nanos();
    }

    /**
     * The next change, if any is due.
     *
     * @param logEndAtElection the log's last record when this primary was elected
     */
    Optional<ShardConfig> next(ShardConfig config, long logEndAtElection) {
        slow.look(config);
        return shrink(config)
                .or(() -> expand(config, logEndAtElection))
                .or(() -> adoptMinimum(config))
                .or(() -> addReplica(config))
                .or(() -> retireMember(config))
                .or(() -> changeRole(config))
                .or(() -> dropReplica(config));
    }

    // ---- the in-sync set

    /**
     * SHRINK: members that are silent, stuck, or no longer the incarnation they were leave the in-sync set; and, where
     * enough stay, one whose process is going to end, or that is much slower than the others.
     */
    private Optional<ShardConfig> shrink(ShardConfig config) {
        var gone = new TreeSet<Member>();
        for (var member : config.inSync()) {
            if (!member.node().equals(context.self.node()) && isLost(member)) {
                gone.add(member);
            }
        }
        if (!gone.isEmpty() && !isSureOfTheRest(config, gone)) {
            return Optional.empty();
        }
        if (gone.isEmpty()) {
            leaving(config).or(() -> slow.toRemove(config)).ifPresent(gone::add);
        }
        if (gone.isEmpty()) {
            return Optional.empty();
        }
        var inSync = ShardConfig.filter(config.inSync(), member -> !gone.contains(member));
        Set<Member> electable = new TreeSet<>(config.electable());
        electable.addAll(gone);
        return Optional.of(withMembers(config, inSync, electable, config.replicas()));
    }

    /**
     * Whether those who stay were heard a moment ago. If not, it may be this primary that is cut off: taking its members
     * out one by one would leave the first of them neither in sync nor electable, and the last one without company for an
     * election. So it waits until all of them are heard, or lost, and then takes them out together.
     */
    private boolean isSureOfTheRest(ShardConfig config, Set<Member> gone) {
        long now = context.now().nanos();
        return config.inSync().stream()
                .filter(member -> !member.node().equals(context.self.node()) && !gone.contains(member))
                .allMatch(member -> now - Math.max(followers.on(member.node()).heardNanos, leadingSinceNanos)
                        <= context.timing.momentNanos());
    }

    private Optional<Member> leaving(ShardConfig config) {
        if (config.inSync().size() <= config.minInSync()) {
            return Optional.empty();
        }
        return config.inSync().stream()
                .filter(member -> !member.node().equals(context.self.node()) && followers.on(member.node()).leaving)
                .findFirst();
    }

    private boolean isLost(Member member) {
        var progress = followers.on(member.node());
        if (progress.incarnation != 0 && progress.incarnation != member.incarnation()) {
            return true;
        }
        long now = context.now().nanos();
        long lag = context.timing.lagNanos();
        boolean silent = now - Math.max(progress.heardNanos, leadingSinceNanos) > lag;
        boolean behind = followers.acked(member) < context.journal.lastSeq();
        return silent || (behind && now - Math.max(progress.progressNanos, leadingSinceNanos) > lag);
    }

    /**
     * EXPAND: a voter or a learner who is to be a voter joins once it has acknowledged all that may have been
     * acknowledged to anybody: the commit mark, and the log's end at the election, because the mark of a new primary
     * lags ({@link Rule#EXPAND_NEEDS_LOG_END_AT_ELECTION}).
     */
    private Optional<ShardConfig> expand(ShardConfig config, long logEndAtElection) {
        for (var entry : config.replicas().entrySet()) {
            var node = entry.getKey();
            var progress = followers.on(node);
            if (config.inSyncOn(node).isPresent()
                    || !isToVote(node, entry.getValue())
                    || !progress.attached
                    || progress.leaving) {
                continue;
            }
            var joining = new Member(node, progress.incarnation);
            long acked = followers.acked(joining);
            boolean safe = acked >= context.journal.committed()
                    && (acked >= logEndAtElection || !context.keeps(Rule.EXPAND_NEEDS_LOG_END_AT_ELECTION));
            boolean near = context.journal.lastSeq() - acked <= ReplicaLimits.JOIN_LAG_RECORDS;
            boolean heard = context.now().nanos() - progress.heardNanos <= context.timing.lagNanos();
            if (safe && near && heard && !slow.isHeldBack(node)) {
                return Optional.of(withMembers(
                        config,
                        ShardConfig.with(config.inSync(), joining),
                        ShardConfig.without(config.electable(), node),
                        ShardConfig.withRole(config.replicas(), node, ReplicaRole.VOTER)));
            }
        }
        return Optional.empty();
    }

    /** Whether the controller wants a vote of this node; without its word, voters stay what they are. */
    private boolean isToVote(NodeId node, ReplicaRole role) {
        if (context.assignment().isEmpty()) {
            return role == ReplicaRole.VOTER;
        }
        return context.assignment().get(node) == ReplicaRole.VOTER;
    }

    // ---- ROLE: following the assignment

    private Optional<ShardConfig> adoptMinimum(ShardConfig config) {
        int wanted = context.assignedMinimum();
        if (context.assignment().isEmpty() || wanted < 1 || wanted == config.minInSync()) {
            return Optional.empty();
        }
        Set<Member> electable = config.inSync().size() >= wanted ? Set.of() : config.electable();
        return Optional.of(successor(config, config.inSync(), electable, config.replicas(), wanted));
    }

    private Optional<ShardConfig> addReplica(ShardConfig config) {
        if (config.replicas().size() >= ShardConfig.MAX_REPLICAS) {
            return Optional.empty();
        }
        return new TreeMap<>(context.assignment())
                .entrySet().stream()
                        .filter(wanted -> !config.replicas().containsKey(wanted.getKey()))
                        .findFirst()
                        .map(wanted -> withMembers(
                                config,
                                config.inSync(),
                                config.electable(),
                                ShardConfig.withRole(
                                        config.replicas(),
                                        wanted.getKey(),
                                        wanted.getValue() == ReplicaRole.OBSERVER
                                                ? ReplicaRole.OBSERVER
                                                : ReplicaRole.LEARNER)));
    }

    /** A member that is no longer wanted leaves once everybody who is wanted is in sync, and enough stay. */
    private Optional<ShardConfig> retireMember(ShardConfig config) {
        if (!isEveryWantedVoterInSync(config) || config.inSync().size() - 1 < config.minInSync()) {
            return Optional.empty();
        }
        return config.inSync().stream()
                .filter(member -> !member.node().equals(context.self.node()) && !isToVote(member.node()))
                .findFirst()
                .map(member -> withMembers(
                        config,
                        ShardConfig.without(config.inSync(), member.node()),
                        config.electable(),
                        config.replicas()));
    }

    /** A replica that is neither in sync nor electable takes the part it is to have; a vote comes with joining. */
    private Optional<ShardConfig> changeRole(ShardConfig config) {
        return config.replicas().entrySet().stream()
                .filter(replica -> config.candidateOn(replica.getKey()).isEmpty())
                .filter(replica -> {
                    var wanted = context.assignment().get(replica.getKey());
                    return wanted != null && wanted != ReplicaRole.VOTER && wanted != replica.getValue();
                })
                .findFirst()
                .map(replica -> withMembers(
                        config,
                        config.inSync(),
                        config.electable(),
                        ShardConfig.withRole(
                                config.replicas(),
                                replica.getKey(),
                                context.assignment().get(replica.getKey()))));
    }

    /** A replica that is neither in sync nor electable may go. */
    private Optional<ShardConfig> dropReplica(ShardConfig config) {
        if (context.assignment().isEmpty()) {
            return Optional.empty();
        }
        return config.replicas().keySet().stream()
                .filter(node -> !context.assignment().containsKey(node)
                        && config.candidateOn(node).isEmpty())
                .findFirst()
                .map(node -> withMembers(
                        config,
                        config.inSync(),
                        config.electable(),
                        ShardConfig.withRole(config.replicas(), node, null)));
    }

    /** Whether this primary itself is no longer wanted, and everybody wanted is in sync. */
    boolean isToHandOver(ShardConfig config) {
        return !context.assignment().isEmpty() && !isToVote(context.self.node()) && isEveryWantedVoterInSync(config);
    }

    private boolean isToVote(NodeId node) {
        return context.assignment().get(node) == ReplicaRole.VOTER;
    }

    private boolean isEveryWantedVoterInSync(ShardConfig config) {
        if (context.assignment().isEmpty()) {
            return false;
        }
        for (Map.Entry<NodeId, ReplicaRole> wanted : context.assignment().entrySet()) {
            if (wanted.getValue() == ReplicaRole.VOTER
                    && config.inSyncOn(wanted.getKey()).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    // ---- the record

    /** TRANSFER: the next epoch under another member, everything else as it is. */
    ShardConfig transferred(ShardConfig config, NodeId target) {
        return new ShardConfig(
                config.cfg() + 1,
                config.epoch() + 1,
                target,
                config.inSync(),
                config.electable(),
                config.replicas(),
                config.minInSync(),
                config.lifecycle(),
                config.losses(),
                context.self.node(),
                context.random().nextLong());
    }

    private ShardConfig withMembers(
            ShardConfig config, Set<Member> inSync, Set<Member> electable, Map<NodeId, ReplicaRole> replicas) {
        boolean enough = inSync.size() >= config.minInSync();
        boolean keep = !enough && context.keeps(Rule.REMOVED_STAY_ELECTABLE);
        return successor(config, inSync, keep ? electable : Set.of(), replicas, config.minInSync());
    }

    private ShardConfig successor(
            ShardConfig config,
            Set<Member> inSync,
            Set<Member> electable,
            Map<NodeId, ReplicaRole> replicas,
            int minInSync) {
        return new ShardConfig(
                config.cfg() + 1,
                config.epoch(),
                config.primary(),
                inSync,
                electable,
                replicas,
                minInSync,
                config.lifecycle(),
                config.losses(),
                context.self.node(),
                context.random().nextLong());
    }
}
