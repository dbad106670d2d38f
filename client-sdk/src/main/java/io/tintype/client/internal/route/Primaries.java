// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.client.internal.net.Silent;
import io.tintype.model.Location;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of a shard's nodes: what the map says, corrected by what nodes said since. Thread-safe.
 */
public final class Primaries {
    private static final int MAX_HINTS = 10_000;
    private static final Duration HINT_LIFE = Duration.ofMinutes(5);

    private final MapCache maps;
    private final Silent silent = new Silent();
    private final Location location;
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

    /** The location is that of this process. */
    public Primaries(MapCache maps, Location location) {
        this.maps = maps;
        this.location = location;
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

    /**
     * Addresses of all nodes that hold a replica of a shard, in the order in which to ask them for what any may answer: those
     * that answer before those that did not lately or are not live, then nearest first, then those in sync, equals shuffled.
     */
    public List<String> replicas(int shard) {
        var map = maps.map();
        var info = info(map, shard);
        if (info == null) {
            return List.of();
        }
        return location.order(map, info, node -> silent.isSilent(node.address()), ThreadLocalRandom.current()).stream()
                .map(NodeInfo::address)
                .toList();
    }

    /** A node did not answer, or another one was faster: it is asked last for a while. */
    public void silent(String address) {
        silent.note(address);
    }

    /** Whether a node did not answer lately. */
    public boolean isSilent(String address) {
        return silent.isSilent(address);
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

    /** A node made a change, so it leads: it is believed to until the map, or a node, says more. */
    public void leads(int shard, String address) {
        var info = info(maps.map(), shard);
        var heard = new Hint(info == null ? 0 : info.epoch(), address);
        hints.asMap()
                .merge(
                        shard,
                        heard,
                        (known, news) -> Long.compareUnsigned(news.epoch, known.epoch) >= 0 ? news : known);
    }

    /** A node did not answer: what was heard of it is worth nothing now. */
    public void forget(int shard, String address) {
        hints.asMap().computeIfPresent(shard, (id, hint) -> hint.address.equals(address) ? null : hint);
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
