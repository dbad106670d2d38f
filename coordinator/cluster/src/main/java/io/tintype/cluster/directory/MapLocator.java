// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.tintype.cluster.map.Addresses;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Finds directory shards in a coordinator's view of the whole map. */
public final class MapLocator implements DirectoryLocator {
    private static final Duration RETRY = Duration.ofMillis(500);

    private final Supplier<ClusterView> view;

    /** Over a view that is kept current by somebody else. */
    public MapLocator(Supplier<ClusterView> view) {
        this.view = view;
    }

    @Override
    public CompletableFuture<Place> locate(UserId user, boolean afresh) {
        var now = view.get();
        if (now.directory().isEmpty()) {
            return CompletableFuture.failedFuture(noDirectory());
        }
        var shard = now.directory().get().shardOf(user);
        return now.map()
                .shard(shard)
                .flatMap(ShardInfo::primary)
                .flatMap(now.map()::node)
                .flatMap(Addresses::knownToPeers)
                .map(address -> CompletableFuture.completedFuture(new Place(shard, address)))
                .orElseGet(() -> CompletableFuture.failedFuture(noPrimary(shard.value())));
    }

    @Override
    public List<Place> replicas(UserId user) {
        var now = view.get();
        return now.directory().map(layout -> layout.shardOf(user)).flatMap(now.map()::shard).stream()
                .filter(shard -> shard.replicas().size() > 1)
                .flatMap(shard -> shard.replicas().stream()
                        .flatMap(id -> now.map().node(id).flatMap(Addresses::knownToPeers).stream())
                        .map(address -> new Place(shard.id(), address)))
                .toList();
    }

    static TintypeException noDirectory() {
        return new TintypeException(
                Reason.UNAVAILABLE,
                "The cluster has no directory of users yet. A coordinator of role control makes one as soon as storage"
                        + " nodes are live; check that both run.",
                RETRY);
    }

    static TintypeException noPrimary(int shard) {
        return new TintypeException(
                Reason.NO_PRIMARY,
                "Directory shard " + shard + " has no primary at the moment; one is being elected. Try again.",
                RETRY);
    }
}
