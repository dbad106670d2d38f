// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The part of a shard's znode that replication decides. What the record holds besides (kind, pool, user limit) is
 * carried over unchanged by whoever writes it.
 *
 * <p>Immutable; sets and map iterate in one order everywhere, so that a run can be repeated. Invariant: the primary is in sync; no node is both in sync and electable, or there under two
 * incarnations; both sets are replicas, and voters. Which record may follow which is decided by {@link ConfigRules}.
 *
 * @param cfg exactly one higher with every change
 * @param epoch one higher with every election; 0 before the first
 * @param primary the node that leads; null before the first election
 * @param inSync replicas that hold every acknowledged record
 * @param electable replicas taken out of {@code inSync} while it was below the minimum: they hold every acknowledged
 *     record too, because none was acknowledged since
 * @param replicas all replicas and their roles
 * @param minInSync in-sync replicas that a write needs
 * @param lifecycle whether the shard takes writes
 * @param losses how often an operator knowingly gave up data
 * @param writer who wrote this record; null for the first one
 * @param writerNonce random, made for this write: settles writes whose answer was lost
 */
public record ShardConfig(
        long cfg,
        long epoch,
        @Nullable NodeId primary,
        Set<Member> inSync,
        Set<Member> electable,
        Map<NodeId, ReplicaRole> replicas,
        int minInSync,
        ShardLifecycle lifecycle,
        int losses,
        @Nullable NodeId writer,
        long writerNonce) {
    /** Replicas a shard has at most, observers included. */
    public static final int MAX_REPLICAS = 16;

    public ShardConfig {
        inSync = Collections.unmodifiableSortedSet(new TreeSet<>(inSync));
        electable = Collections.unmodifiableSortedSet(new TreeSet<>(electable));
        replicas = Collections.unmodifiableSortedMap(new TreeMap<>(replicas));
        ConfigRules.requireConsistent(epoch, primary, inSync, electable, replicas, minInSync);
    }

    /**
     * The first record of a shard: everybody in sync, nobody elected. Safe because no record has been acknowledged
     * yet, so that all logs, being empty, hold everything.
     *
     * @param voters each assigned voter with its incarnation
     * @param replicas all assigned replicas
     */
    public static ShardConfig initial(Set<Member> voters, Map<NodeId, ReplicaRole> replicas, int minInSync) {
        return new ShardConfig(1, 0, null, voters, Set.of(), replicas, minInSync, ShardLifecycle.ACTIVE, 0, null, 0);
    }

    /** Everybody who may be elected: in-sync members and those still electable. */
    public Set<Member> candidates() {
        if (electable.isEmpty()) {
            return inSync;
        }
        var all = new TreeSet<>(inSync);
        all.addAll(electable);
        return all;
    }

    /** Whether this very incarnation may be elected. */
    public boolean mayBeElected(Member member) {
        return inSync.contains(member) || electable.contains(member);
    }

    /** The in-sync or electable member on a node. */
    public Optional<Member> candidateOn(NodeId node) {
        return candidates().stream()
                .filter(member -> member.node().equals(node))
                .findAny();
    }

    /** The in-sync member on a node. */
    public Optional<Member> inSyncOn(NodeId node) {
        return inSync.stream().filter(member -> member.node().equals(node)).findAny();
    }

    /** Whether this node leads. */
    public boolean isPrimary(NodeId node) {
        return node.equals(primary);
    }

    /** Whether enough members are in sync for writes to be acknowledged. */
    public boolean hasEnoughInSync() {
        return inSync.size() >= minInSync;
    }

    /** The set with one member more; another incarnation on the same node gives way. */
    static Set<Member> with(Set<Member> members, Member added) {
        var all = new TreeSet<>(without(members, added.node()));
        all.add(added);
        return all;
    }

    /** The set without whatever stands on the node. */
    static Set<Member> without(Set<Member> members, NodeId node) {
        return filter(members, member -> !member.node().equals(node));
    }

    static Set<Member> filter(Set<Member> members, Predicate<Member> wanted) {
        return members.stream().filter(wanted).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The replicas with one node's role set, or without the node where the role is null. */
    static Map<NodeId, ReplicaRole> withRole(
            Map<NodeId, ReplicaRole> replicas, NodeId node, @Nullable ReplicaRole role) {
        var all = new TreeMap<>(replicas);
        if (role == null) {
            all.remove(node);
        } else {
            all.put(node, role);
        }
        return all;
    }
}
