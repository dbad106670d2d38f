// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.map.Addresses;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.Location;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Knows where requests of users go: by the directory and the map, and by the hints of nodes that know better. Thread-safe;
 * never blocks.
 */
public final class UserRouter {
    /** Most shards of which a hint is remembered. */
    private static final int REMEMBERED_HINTS = 10_000;

    /** The map catches up within this time, or the hint was wrong. */
    private static final Duration HINT_LIFETIME = Duration.ofSeconds(10);

    private static final int REMEMBERED_SILENT = 1_000;
    private static final Duration SILENT_FOR = Duration.ofSeconds(3);
    private static final Duration ELECTION_RETRY = Duration.ofMillis(300);

    private final Supplier<ClusterView> view;
    private final DirectoryClient directory;
    private final HomeMaker homes;
    private final Location location;
    private final Cache<ShardId, Hint> hints = Caffeine.newBuilder()
            .maximumSize(REMEMBERED_HINTS)
            .expireAfterWrite(HINT_LIFETIME)
            .build();

    /** Nodes that did not answer lately; they are asked last. */
    private final Cache<String, Boolean> silent = Caffeine.newBuilder()
            .maximumSize(REMEMBERED_SILENT)
            .expireAfterWrite(SILENT_FOR)
            .build();

    private record Hint(long epoch, String address) {}

    /** Over parts that are kept current by others; the location is that of this process. */
    public UserRouter(Supplier<ClusterView> view, DirectoryClient directory, HomeMaker homes, Location location) {
        this.view = view;
        this.directory = directory;
        this.homes = homes;
        this.location = location;
    }

    /** The way of one read to the primary: an unknown user is reported. */
    public Route read(UserId user, Deadline deadline) {
        return new Route(this, directory, homes, user, Route.Kind.READ, deadline);
    }

    /** The way of one read that any replica may answer, the nearest first: an unknown user is reported. */
    public Route readAnywhere(UserId user, Deadline deadline) {
        return new Route(this, directory, homes, user, Route.Kind.READ_ANYWHERE, deadline);
    }

    /** The way of one change: an unknown user is registered. */
    public Route write(UserId user, Deadline deadline) {
        return new Route(this, directory, homes, user, Route.Kind.CHANGE, deadline);
    }

    /** Whether a replica of the user's shard stands nearer than its primary; false where his home is not known yet. */
    public CompletableFuture<Boolean> hasNearerThanPrimary(UserId user) {
        return directory.lookup(user).thenApply(home -> {
            var map = view.get().map();
            var shard = map.shard(home.shard());
            return shard.isPresent()
                    && nearest(home, Set.of())
                            .filter(target -> !shard.get()
                                    .primary()
                                    .flatMap(map::node)
                                    .map(NodeInfo::address)
                                    .equals(Optional.of(target.address())))
                            .isPresent();
        });
    }

    /** The shard where a user lives, as far as that is remembered; asks nobody. */
    public Optional<ShardId> remembered(UserId user) {
        return directory.remembered(user).map(UserHome::shard);
    }

    /** The shard where a user lives, as the map has it, as far as it is remembered where that is; asks nobody. */
    public Optional<ShardInfo> shard(UserId user) {
        return remembered(user).flatMap(view.get().map()::shard);
    }

    /** The rules of the pool where a user lives, as far as both are remembered; asks nobody. */
    public Optional<PoolRules> pool(UserId user) {
        return directory.remembered(user).map(home -> view.get().pools().get(home.pool()));
    }

    /** The address of who leads a shard, as far as that is known. */
    public Optional<String> primary(ShardId shard) {
        var map = view.get().map();
        return map.shard(shard).flatMap(ShardInfo::primary).flatMap(map::node).flatMap(Addresses::known);
    }

    /** The nearest replica of the home's shard that was not tried yet; those that did not answer lately come last. */
    Optional<Target> nearest(UserHome home, Set<String> tried) {
        var map = view.get().map();
        return map.shard(home.shard()).stream()
                .flatMap(shard -> location.order(map, shard, this::isSilent, ThreadLocalRandom.current()).stream())
                .map(NodeInfo::address)
                .filter(address -> !tried.contains(address))
                .findFirst()
                .map(address -> new Target(home, address));
    }

    /** A node did not answer. */
    void silent(String address) {
        silent.put(address, true);
    }

    private boolean isSilent(NodeInfo node) {
        return silent.getIfPresent(node.address()) != null;
    }

    /** Who leads the home's shard; throws NO_PRIMARY while nobody is known to. */
    Target target(UserHome home) {
        var map = view.get().map();
        var info = map.shard(home.shard());
        long knownEpoch = info.map(ShardInfo::epoch).orElse(0L);
        var byMap = info.flatMap(ShardInfo::primary).flatMap(map::node).flatMap(Addresses::known);
        var hint = Optional.ofNullable(hints.getIfPresent(home.shard()))
                .filter(h -> h.epoch() > knownEpoch || byMap.isEmpty())
                .map(Hint::address);
        return hint.or(() -> byMap)
                .map(address -> new Target(home, address))
                .orElseThrow(() -> new TintypeException(
                        Reason.NO_PRIMARY,
                        "Shard " + home.shard() + " has no primary at the moment; one is being elected. Try again.",
                        ELECTION_RETRY));
    }

    /** Takes a node's NOT_PRIMARY to heart; true where it names another address than the one asked. */
    boolean learn(Target asked, TintypeException refusal) {
        var address = refusal.details().get(TintypeException.ADDRESS);
        if (address == null || address.isEmpty() || address.equals(asked.address())) {
            hints.invalidate(asked.shard());
            return false;
        }
        hints.put(asked.shard(), new Hint(epochIn(refusal), address));
        return true;
    }

    /** Forgets hints on a shard whose node did not answer as it should. */
    void forgetHint(Target asked) {
        hints.invalidate(asked.shard());
    }

    private static long epochIn(TintypeException refusal) {
        try {
            return Long.parseLong(refusal.details().getOrDefault(TintypeException.EPOCH, "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
