// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.map.ShardZnodes;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ShardConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the first configuration of a new shard: the first assigned voter does, as soon as it knows the incarnation of
 * every voter. All their logs must be empty: a shard whose znode was lost must not begin anew over what it holds.
 *
 * <p>Thread-safe; never blocks.
 */
final class Bootstrap {
    private static final Logger log = LoggerFactory.getLogger(Bootstrap.class);

    private final NodeId self;
    private final ShardZnodes znodes;
    private final Peers peers;
    private final Map<ShardRuntime, Boolean> underWay = new ConcurrentHashMap<>();

    Bootstrap(NodeId self, ShardZnodes znodes, Peers peers) {
        this.self = self;
        this.znodes = znodes;
        this.peers = peers;
    }

    /**
     * Tries, unless the shard has its configuration, somebody else is to write it, or a try is under way. Completes when the try
     * has ended, and fails where it came to nothing, which was told by then.
     */
    CompletableFuture<Void> attempt(ShardRuntime shard, ShardAssignment assignment, long nonce) {
        var roles = ConfigCodec.roles(assignment.getReplicasList());
        var voters = roles.entrySet().stream()
                .filter(entry -> entry.getValue() == ReplicaRole.VOTER)
                .map(Map.Entry::getKey)
                .toList();
        boolean mine = !voters.isEmpty() && voters.get(0).equals(self);
        if (!mine || shard.board().config != null || underWay.putIfAbsent(shard, true) != null) {
            return CompletableFuture.completedFuture(null);
        }
        return znodes.read(shard.id())
                .thenCompose(found -> found.isPresent()
                        ? CompletableFuture.<Void>completedFuture(null)
                        : create(shard, assignment, roles, voters, nonce))
                .whenComplete((done, failure) -> {
                    underWay.remove(shard);
                    if (failure != null) {
                        log.info(
                                "shard {}: cannot be begun yet, trying again: {}",
                                shard.id(),
                                String.valueOf(failure.getMessage()));
                    }
                });
    }

    private CompletableFuture<Void> create(
            ShardRuntime shard,
            ShardAssignment assignment,
            Map<NodeId, ReplicaRole> roles,
            List<NodeId> voters,
            long nonce) {
        var asked = new LinkedHashMap<NodeId, CompletableFuture<Optional<Peers.Found>>>();
        for (var voter : voters) {
            asked.put(
                    voter,
                    voter.equals(self)
                            ? shard.lastSeq()
                                    .thenApply(last -> Optional.of(new Peers.Found(shard.self(), last, 0, false)))
                            : peers.describe(shard.id(), voter));
        }
        return CompletableFuture.allOf(asked.values().toArray(CompletableFuture<?>[]::new))
                .thenCompose(all -> {
                    var members = asked.entrySet().stream()
                            .map(entry -> member(
                                    shard, entry.getKey(), entry.getValue().join()))
                            .collect(Collectors.toSet());
                    var first = ConfigCodec.encode(
                                    shard.identity(),
                                    ShardRules.of(assignment),
                                    ShardConfig.initial(members, roles, assignment.getMinInsync()))
                            .toBuilder()
                            .setWriter(self.value())
                            .setWriterNonce(nonce)
                            .build();
                    return znodes.create(first);
                })
                .thenAccept(outcome -> log.info("shard {}: begun with voters {}", shard.id(), voters));
    }

    private static Member member(ShardRuntime shard, NodeId voter, Optional<Peers.Found> found) {
        var replica =
                found.orElseThrow(() -> new IllegalStateException("node " + voter + " does not hold its replica yet"));
        if (replica.lastSeq() > 0) {
            throw new IllegalStateException("the shard has no configuration in ZooKeeper, but the replica on " + voter
                    + " holds " + replica.lastSeq() + " records; restore the znode of shard " + shard.id());
        }
        return replica.member();
    }
}
