// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.MapLocator;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Caches;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.cache.Residency;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.coordinator.upload.Admission;
import io.tintype.coordinator.upload.UploadGateway;
import io.tintype.coordinator.users.DataShards;
import io.tintype.coordinator.users.Moves;
import io.tintype.coordinator.users.Registrar;
import io.tintype.model.Location;
import io.tintype.model.UserId;
import java.util.Optional;
import java.util.function.Supplier;

/** What all interfaces of one coordinator work through, put together. */
final class Gateways {
    final DirectoryClient directory;
    final DataShards shards;
    final Registrar registrar;
    final Moves moves;
    final Admission admission;
    final UploadGateway upload;
    final RetrievalGateway retrieval;
    final Peers peers;

    Gateways(CoordinatorConfig config, String clusterId, ShardMapWatcher watcher, Channels channels) {
        directory = new DirectoryClient(new MapLocator(watcher::view), channels, clusterId);
        shards = new DataShards(watcher::view, channels, clusterId);
        registrar = new Registrar(watcher::view, directory, shards, config.policy());
        moves = new Moves(watcher::known, directory, shards, registrar);
        var router = new UserRouter(watcher::view, directory, registrar, new Location(config.region(), config.zone()));
        admission = new Admission(config.uploadBytes());
        upload = new UploadGateway(router, channels, admission, config.maxBlobBytes(), config.uploadTimeout());
        var caches = config.roles().contains(Role.RETRIEVAL) ? config.cache() : CacheSettings.NONE;
        peers = new Peers(config.id(), config.region());
        retrieval = new RetrievalGateway(
                router,
                channels,
                origin -> Caches.open(caches, clusterId, residency(config, watcher::view), peers, channels, origin));
    }

    private Residency residency(CoordinatorConfig config, Supplier<ClusterView> view) {
        var there = config.cache().memcached().regionOr(config.region());
        return new Residency(
                user -> mayLeaveMemory(user, config.region(), view), user -> mayLeaveMemory(user, there, view));
    }

    /**
     * Whether a user's bytes may go to disks, or to a memcached, of a region: his pool belongs to it, wherever the pool is pinned,
     * and does not ask for his bytes to be sealed. What is not known for certain is not so.
     */
    private boolean mayLeaveMemory(String user, String region, Supplier<ClusterView> view) {
        return directory
                .remembered(UserId.of(user))
                .map(UserHome::pool)
                .filter(pool -> pool.region().equals(region))
                .flatMap(pool -> Optional.ofNullable(view.get().pools().get(pool)))
                .filter(pool -> !pool.sealed())
                .isPresent();
    }
}
