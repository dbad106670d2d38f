// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.Shards;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells by gRPC's health protocol how the node stands, truthfully: each shard under {@code shard/<id>}, and the node as a
 * whole, under the empty name and those of its services, SERVING only while every shard on it can do its part. Thread-safe.
 */
final class NodeHealth implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeHealth.class);
    private static final Duration EVERY = Duration.ofMillis(500);
    private static final List<String> WHOLE = List.of("", BlobUploadGrpc.SERVICE_NAME, BlobRetrievalGrpc.SERVICE_NAME);

    private final HealthStatusManager manager = new HealthStatusManager();
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "tintype-health");
        thread.setDaemon(true);
        return thread;
    });
    private final Set<String> told = new HashSet<>();
    private volatile boolean serving;

    NodeHealth() {
        WHOLE.forEach(name -> manager.setStatus(name, ServingStatus.NOT_SERVING));
    }

    /** The service to be bound. */
    BindableService service() {
        return manager.getHealthService();
    }

    /** Begins to look at the shards. */
    void watch(Shards shards) {
        var unused = ticker.scheduleWithFixedDelay(() -> look(shards), 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether every shard could do its part when it was looked at last, at most half a second ago. */
    boolean isServing() {
        return serving;
    }

    private void look(Shards shards) {
        try {
            boolean all = true;
            var now = new HashSet<String>();
            for (var shard : shards.all()) {
                boolean well = isWell(shard);
                all &= well;
                var name = "shard/" + shard.id();
                now.add(name);
                manager.setStatus(name, status(well));
            }
            told.stream().filter(name -> !now.contains(name)).forEach(manager::clearStatus);
            told.clear();
            told.addAll(now);
            boolean whole = all;
            WHOLE.forEach(name -> manager.setStatus(name, status(whole)));
            serving = whole;
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
        serving = false;
        ticker.shutdownNow();
        manager.enterTerminalState();
    }
}
