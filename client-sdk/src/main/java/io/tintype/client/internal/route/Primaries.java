// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of a shard's nodes: what the map says, corrected by what nodes said since. Thread-safe.
 */
public final class Primaries {
    private static final int MAX_HINTS = 10_000;
    private static final Duration HINT_LIFE = Duration.ofMinutes(5);

    private final MapCache maps;
    private final String region;
    private final String zone;
    private final Cache<Integer, Hint> hints = Caffeine.newBuilder()
            .maximumSize(MAX_HINTS)
            .expireAfterWrite(HINT_LIFE)
            .build();

    /**
     * Who leads a shard.
     *
     * @param address host:port
     * @param live whether it is in touch with the cluster, as far as is known
     */
    public record Leader(String address, boolean live) {}

    private record Hint(long epoch, String address) {}

    /** Region and zone are those of this process; empty where not known. */
    public Primaries(MapCache maps, String region, String zone) {
        this.maps = maps;
        this.region = region;
        this.zone = zone;
    }

    /** The node that leads a shard, if that is known. */
    public Optional<Leader> primary(int shard) {
        var map = maps.map();
        var info = info(map, shard);
        @Nullable Hint hint = hints.getIfPresent(shard);
        if (hint != null && (info == null || Long.compareUnsigned(hint.epoch, info.epoch()) >= 0)) {
            return Optional.of(new Leader(hint.address, true));
        }
        return info == null
                ? Optional.empty()
                : info.primary()
                        .flatMap(map::node)
                        .filter(node -> !node.address().isEmpty())
                        .map(node -> new Leader(node.address(), node.live()));
    }

    /** Whether nothing at all is known of shards. */
    public boolean isEmpty() {
        return maps.map().equals(ShardMap.EMPTY);
    }

    /** Addresses of live nodes that hold every acknowledged write of a shard, nearest first, equals shuffled. */
    public List<String> replicas(int shard) {
        var map = maps.map();
        var info = info(map, shard);
        if (info == null) {
            return List.of();
        }
        var nodes = new ArrayList<NodeInfo>();
        info.inSync()
                .forEach(id -> map.node(id)
                        .filter(node -> node.live() && !node.address().isEmpty())
                        .ifPresent(nodes::add));
        Collections.shuffle(nodes);
        nodes.sort(Comparator.comparingInt(this::distance));
        return nodes.stream().map(NodeInfo::address).toList();
    }

    /** Takes in what a NOT_PRIMARY said; the address it named, if it named one. */
    public Optional<String> learn(int shard, TintypeException notPrimary) {
        @Nullable String address = notPrimary.details().get(TintypeException.ADDRESS);
        if (address == null || address.isEmpty()) {
            hints.invalidate(shard);
            return Optional.empty();
        }
        long epoch = number(notPrimary.details().get(TintypeException.EPOCH));
        hints.asMap()
                .merge(
                        shard,
                        new Hint(epoch, address),
                        (known, news) -> Long.compareUnsigned(news.epoch, known.epoch) >= 0 ? news : known);
        return Optional.of(address);
    }

    /** A node did not answer: what was heard of it is worth nothing now. */
    public void forget(int shard, String address) {
        hints.asMap().computeIfPresent(shard, (id, hint) -> hint.address.equals(address) ? null : hint);
    }

    private int distance(NodeInfo node) {
        if (region.isEmpty() || !node.region().equals(region)) {
            return 2;
        }
        return !zone.isEmpty() && node.zone().equals(zone) ? 0 : 1;
    }

    private static @Nullable ShardInfo info(ShardMap map, int shard) {
        return shard > 0 ? map.shard(new ShardId(shard)).orElse(null) : null;
    }

    private static long number(@Nullable String text) {
        try {
            return text == null ? 0 : Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
