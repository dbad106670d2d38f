// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardStatus;
import io.tintype.storage.shard.Shards;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells by gRPC's health protocol how the node stands, truthfully: each shard under {@code shard/<id>}, and the node as a
 * whole, under the empty name and those of its services, SERVING only while every shard on it can do its part. Thread-safe.
 */
final class NodeHealth implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeHealth.class);
    private static final Duration EVERY = Duration.ofMillis(500);
    /** For so long after its start a node waits for the shards that its disk holds. */
    private static final Duration START = Duration.ofSeconds(30);

    private static final List<String> WHOLE = List.of("", BlobUploadGrpc.SERVICE_NAME, BlobRetrievalGrpc.SERVICE_NAME);

    private final HealthStatusManager manager = new HealthStatusManager();
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "tintype-health");
        thread.setDaemon(true);
        return thread;
    });
    private final Set<String> told = new HashSet<>();
    private volatile @Nullable Watched watched;

    /** What is looked at: the shards there are, and those that the disk held when the node started. */
    private record Watched(Shards shards, Set<ShardId> awaited, long sinceNanos) {}

    NodeHealth() {
        WHOLE.forEach(name -> manager.setStatus(name, ServingStatus.NOT_SERVING));
    }

    /** The service to be bound. */
    BindableService service() {
        return manager.getHealthService();
    }

    /**
     * Begins to look at the shards.
     *
     * @param onDisk shards that will come up, unless the cluster has taken them away meanwhile
     */
    void watch(Shards shards, Collection<ShardId> onDisk) {
        watched = new Watched(shards, Set.copyOf(onDisk), System.nanoTime());
        var unused = ticker.scheduleWithFixedDelay(this::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether every shard can do its part now. */
    boolean isServing() {
        return notReadyBecause().isEmpty();
    }

    /** Why the node as a whole cannot do its part now, for people; empty: it can. */
    Optional<String> notReadyBecause() {
        var now = watched;
        if (now == null) {
            return Optional.of("the node is starting or stopping");
        }
        if (!isComplete(now)) {
            return Optional.of("shards that the disk holds have not come up yet");
        }
        if (!now.shards().broken().isEmpty()) {
            return Optional.of("shards that cannot run here: " + now.shards().broken());
        }
        var unwell = now.shards().all().stream()
                .filter(shard -> !isWell(shard))
                .map(shard -> shard.id().toString())
                .sorted()
                .toList();
        return unwell.isEmpty()
                ? Optional.empty()
                : Optional.of("shards that do not do their part: " + String.join(", ", unwell));
    }

    /** How each shard stands, in order of ids. */
    List<NodeHttp.ShardLine> shardLines() {
        var now = watched;
        if (now == null) {
            return List.of();
        }
        var running = now.shards().all().stream().map(shard -> line(shard.status()));
        var broken = now.shards().broken().entrySet().stream()
                .map(entry -> new NodeHttp.ShardLine(
                        entry.getKey().value(), "BROKEN", false, "", List.of(), entry.getValue()));
        return Stream.concat(running, broken)
                .sorted(Comparator.comparingInt(NodeHttp.ShardLine::shard))
                .toList();
    }

    private static NodeHttp.ShardLine line(ShardStatus status) {
        return new NodeHttp.ShardLine(
                status.id().value(),
                status.state().name(),
                status.failure().isEmpty() && status.serving(),
                status.primary().map(NodeId::value).orElse(""),
                status.inSync().stream().map(NodeId::value).toList(),
                status.failure().orElse(""));
    }

    /** A node that has just started is not well for having no shards yet. */
    private static boolean isComplete(Watched now) {
        return System.nanoTime() - now.sinceNanos() > START.toNanos()
                || now.awaited().stream()
                        .allMatch(id -> now.shards().find(id).isPresent()
                                || now.shards().broken().containsKey(id));
    }

    private void look() {
        var current = watched;
        if (current == null) {
            return;
        }
        try {
            var now = new HashSet<String>();
            for (var shard : current.shards().all()) {
                var name = "shard/" + shard.id();
                now.add(name);
                manager.setStatus(name, status(isWell(shard)));
            }
            for (var broken : current.shards().broken().keySet()) {
                var name = "shard/" + broken;
                now.add(name);
                manager.setStatus(name, ServingStatus.NOT_SERVING);
            }
            told.stream().filter(name -> !now.contains(name)).forEach(manager::clearStatus);
            told.clear();
            told.addAll(now);
            boolean whole = isServing();
            WHOLE.forEach(name -> manager.setStatus(name, status(whole)));
        } catch (RuntimeException e) {
            log.error("the node's health cannot be told", e);
        }
    }

    private static boolean isWell(ShardReplica shard) {
        var status = shard.status();
        return status.failure().isEmpty() && status.serving();
    }

    private static ServingStatus status(boolean well) {
        return well ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    /** Tells NOT_SERVING from now on. */
    @Override
    public void close() {
        watched = null;
        ticker.shutdownNow();
        manager.enterTerminalState();
    }
}
