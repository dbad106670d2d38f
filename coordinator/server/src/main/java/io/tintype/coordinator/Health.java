// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.ZkSession;
import java.util.List;
import java.util.Optional;

/** Whether a coordinator can serve: it knows the map, and there is a directory with primaries. Thread-safe. */
final class Health implements AutoCloseable {
    private final HealthStatusManager grpc = new HealthStatusManager();
    private final ShardMapWatcher watcher;
    private final List<String> services;
    private final ZkSession.Registration watching;
    private volatile boolean stopping;

    Health(ShardMapWatcher watcher, List<BindableService> services) {
        this.watcher = watcher;
        this.services = services.stream()
                .map(service -> service.bindService().getServiceDescriptor().getName())
                .toList();
        this.watching = watcher.addListener(view -> tell());
        tell();
    }

    BindableService service() {
        return grpc.getHealthService();
    }

    /** Why this process cannot serve; empty: it can. */
    Optional<String> notReadyBecause() {
        if (stopping) {
            return Optional.of("stopping");
        }
        if (!watcher.ready().isDone()) {
            return Optional.of("the shard map is not known yet");
        }
        var view = watcher.view();
        if (view.directory().isEmpty()) {
            return Optional.of("the cluster has no directory of users yet: no controller has seen live storage nodes");
        }
        return hasDataShards(view) ? leaderless(view) : Optional.of("no pool has shards yet");
    }

    private static boolean hasDataShards(ClusterView view) {
        return view.map().shards().anyMatch(shard -> !shard.directory());
    }

    private static Optional<String> leaderless(ClusterView view) {
        long without = view.map().shards().filter(shard -> shard.epoch() == 0).count();
        return without == 0
                ? Optional.empty()
                : Optional.of(without + " shards have not come to life yet: their nodes have not elected a primary");
    }

    private void tell() {
        var status = notReadyBecause().isEmpty() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        grpc.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
        services.forEach(service -> grpc.setStatus(service, status));
    }

    /** From now on the answer is "not serving". */
    @Override
    public void close() {
        stopping = true;
        watching.close();
        grpc.enterTerminalState();
    }
}
