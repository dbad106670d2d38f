// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** The replicas that run on this node. Thread-safe; never blocks. */
final class ShardRegistry {
    private final Map<ShardId, ShardRuntime> running = new ConcurrentHashMap<>();

    Collection<ShardRuntime> running() {
        return running.values();
    }

    Optional<ShardRuntime> runtime(ShardId id) {
        return Optional.ofNullable(running.get(id));
    }

    void add(ShardRuntime shard) {
        running.put(shard.id(), shard);
    }

    void remove(ShardRuntime shard) {
        running.remove(shard.id(), shard);
    }

    /**
     * As services see them.
     *
     * @param broken those that are here and cannot run, and why
     */
    Shards forServices(Supplier<Map<ShardId, String>> broken) {
        return new Shards() {
            @Override
            public Map<ShardId, String> broken() {
                return broken.get();
            }

            @Override
            public Optional<ShardReplica> find(ShardId id) {
                return Optional.ofNullable(running.get(id));
            }

            @Override
            public Collection<ShardReplica> all() {
                return List.copyOf(running.values());
            }
        };
    }

    /** As other nodes reach them. */
    PeerShards forPeers(ShardThreads threads, Clock clock) {
        return new PeerShards() {
            @Override
            public Optional<PeerInbox> find(ShardId id) {
                return runtime(id).map(ShardRuntime::peerInbox);
            }

            @Override
            public Collection<PeerInbox> all() {
                return running.values().stream()
                        .<PeerInbox>map(ShardRuntime::peerInbox)
                        .toList();
            }

            @Override
            public Executor blocking() {
                return threads.io();
            }

            @Override
            public void burst(Runnable posting) {
                threads.burst(posting);
            }

            @Override
            public Clock clock() {
                return clock;
            }
        };
    }
}
