// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.cluster.channel.ChannelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Puts the caches of one coordinator together, as its settings ask for. */
public final class Caches {
    private Caches() {}

    /**
     * The row of caches before an origin.
     *
     * @param residency whose bytes may be kept where
     * @param peers the other coordinators of the region
     * @param channels to them
     * @throws java.io.UncheckedIOException if the disk cache's folder cannot be used
     */
    public static PieceChain open(
            CacheSettings settings,
            String clusterId,
            Residency residency,
            Peers peers,
            ChannelSource channels,
            Origin origin) {
        List<PieceLayer> layers = new ArrayList<>();
        if (settings.enabled()) {
            layers.add(new MemoryLayer(settings.memory()));
            if (!settings.diskPath().isEmpty()) {
                layers.add(new DiskLayer(
                        Path.of(settings.diskPath()),
                        settings.diskBytes(),
                        DiskLayer.LIFETIME,
                        new PieceCodec(clusterId),
                        residency.here()));
            }
            if (settings.shared()) {
                layers.add(new PeerLayer(peers, channels, clusterId, System::nanoTime));
            }
            if (settings.memcached().enabled()) {
                layers.add(
                        new MemcachedLayer(settings.memcached(), new PieceCodec(clusterId), residency.inMemcached()));
            }
        }
        return new PieceChain(layers, origin, peers::keeps);
    }
}
