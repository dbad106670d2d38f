// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.ShardBeat;
import io.tintype.storage.replica.Now;
import io.tintype.storage.shard.PeerInbox;
import io.tintype.storage.shard.PeerShards;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends this node's heartbeats: every round asks all shards that it leads what to say, and sends each other node one
 * message with all of it. Between those that come by the clock, a round comes when it is asked for, {@link
 * PeerLimits#ROUNDS_APART} behind the last one at the earliest.
 *
 * <p>With nodes that it follows a shard with it keeps a stream open, over which nothing more is said: once it leads that shard, reads wait
 * for their answers, and should not wait for connections, too. Thread-safe.
 */
final class HeartbeatSender implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HeartbeatSender.class);

    private final PeerCluster cluster;
    private final PeerShards shards;
    private final Map<NodeId, HeartbeatCall> calls = new ConcurrentHashMap<>();
    private final AtomicBoolean gathering = new AtomicBoolean();
    private final AtomicBoolean wanted = new AtomicBoolean();
    private volatile long lastRoundNanos = System.nanoTime() - PeerLimits.ROUNDS_APART.toNanos();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "tintype-heartbeats");
        thread.setDaemon(true);
        return thread;
    });

    private record Asked(PeerInbox shard, CompletableFuture<Optional<PeerInbox.Beating>> answer) {}

    private HeartbeatSender(PeerCluster cluster, PeerShards shards) {
        this.cluster = cluster;
        this.shards = shards;
    }

    static HeartbeatSender start(PeerCluster cluster, PeerShards shards, long periodNanos) {
        var sender = new HeartbeatSender(cluster, shards);
        var unused = sender.timer.scheduleAtFixedRate(sender::round, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
        return sender;
    }

    /** Has a round begin now, or soon where the last one was just before; further ones asked for meanwhile are the same one. */
    void soon() {
        if (wanted.compareAndSet(false, true)) {
            wantedRound(lastRoundNanos + PeerLimits.ROUNDS_APART.toNanos() - System.nanoTime());
        }
    }

    private void wantedRound(long afterNanos) {
        try {
            var unused = timer.schedule(
                    () -> {
                        if (gathering.get()) {
                            // What is being gathered may not know yet of what this one is for.
                            wantedRound(PeerLimits.ROUNDS_APART.toNanos());
                        } else {
                            wanted.set(false);
                            round();
                        }
                    },
                    afterNanos,
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("no heartbeats any more: this node is stopping");
        }
    }

    private void round() {
        if (!gathering.compareAndSet(false, true)) {
            return; // the last round still asks its shards
        }
        try {
            gather();
        } catch (RuntimeException | Error e) {
            gathering.set(false);
            log.error("a round of heartbeats failed; the next one follows", e);
        }
    }

    private void gather() {
        lastRoundNanos = System.nanoTime();
        // In front of everything that is said, so that no lease seems younger than it is.
        var sentAt = shards.clock().now();
        var asked = new ArrayList<Asked>();
        shards.burst(() -> shards.all().forEach(shard -> asked.add(new Asked(shard, shard.beat()))));
        var unused = CompletableFuture.allOf(asked.stream().map(Asked::answer).toArray(CompletableFuture<?>[]::new))
                .completeOnTimeout(null, PeerLimits.ROUND.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> {
                    gathering.set(false);
                    try {
                        send(asked, sentAt);
                    } catch (RuntimeException | Error e) {
                        log.error("a round of heartbeats failed; the next one follows", e);
                    }
                });
    }

    private void send(List<Asked> asked, Now sentAt) {
        var byNode = new HashMap<NodeId, List<ShardBeat>>();
        var followedWith = new HashSet<NodeId>();
        for (var one : asked) {
            var replica = one.shard().replica();
            one.answer()
                    .getNow(Optional.empty())
                    .ifPresentOrElse(
                            beating -> {
                                var message = PeerCodec.beat(replica.id(), beating.beat());
                                for (var node : beating.to()) {
                                    byNode.computeIfAbsent(node, key -> new ArrayList<>())
                                            .add(message);
                                }
                            },
                            () -> followedWith.addAll(replica.status().inSync()));
        }
        byNode.forEach((node, beats) -> call(node).send(beats, sentAt));
        followedWith.removeAll(byNode.keySet());
        followedWith.remove(cluster.self());
        followedWith.forEach(node -> call(node).open(sentAt));
    }

    private HeartbeatCall call(NodeId node) {
        return calls.computeIfAbsent(node, key -> new HeartbeatCall(cluster, shards, key));
    }

    @Override
    public void close() {
        timer.shutdownNow();
        calls.values().forEach(HeartbeatCall::close);
    }
}
