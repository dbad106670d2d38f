// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.ShardUsers.Leaver;
import io.tintype.storage.shard.ShardReplica;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds users of whom a shard keeps what they left behind although they live in another region now: their pool may be pinned
 * to it. Such copies are not kept. Where a user lives does not change for this record of his: each is looked at once, and again
 * while it is to go. Confined to one thread, which may read the disk; waits for nothing else.
 */
final class ForeignCopies {
    /** Users of one shard looked at in one round, at most. */
    private static final int LOOKED_AT = 256;

    private final Function<ShardId, CompletableFuture<Optional<PoolId>>> poolOf;
    /** Of shards asked for; they never change their pool. */
    private final Map<ShardId, String> regions = new ConcurrentHashMap<>();
    /** Who left a shard up to there is of its own region, or purged. */
    private final Map<ShardId, Leaver> settled = new HashMap<>();
    /** Behind whom the next look at a shard begins; one that has none here begins behind those who are settled. */
    private final Map<ShardId, Leaver> next = new HashMap<>();

    /** @param poolOf the pool of a shard; empty where there is none */
    ForeignCopies(Function<ShardId, CompletableFuture<Optional<PoolId>>> poolOf) {
        this.poolOf = poolOf;
    }

    /**
     * A user who is to be purged, and the shard's record of him.
     *
     * @param user the user
     * @param gone the record
     */
    record Found(UserId user, StoredUser gone) {}

    /** Who left a shard. */
    interface Leavers {
        /** Users who left before a time, in order of when they did: behind one of them, or, with null, from the first on. */
        List<Leaver> between(@Nullable Leaver after, long toMs, int limit);

        /** The shard's record of one of them. */
        Optional<StoredUser> user(UserId user);
    }

    /** Those of the shard who left before a time and are to be purged, as far as is known; the others are found later. */
    List<Found> of(ShardReplica shard, long beforeMs) {
        var reader = shard.reader();
        return of(shard.id(), shard.status().pool().region(), beforeMs, new Leavers() {
            @Override
            public List<Leaver> between(@Nullable Leaver after, long toMs, int limit) {
                return reader.users().gone(after, toMs, limit);
            }

            @Override
            public Optional<StoredUser> user(UserId user) {
                return reader.users().user(user);
            }
        });
    }

    /** @param here the region of the shard */
    List<Found> of(ShardId shard, String here, long beforeMs, Leavers leavers) {
        var found = new ArrayList<Found>();
        var done = settled.get(shard);
        var from = next.getOrDefault(shard, done);
        boolean open = !Objects.equals(from, done);
        var page = leavers.between(from, beforeMs, LOOKED_AT);
        for (var leaver : page) {
            var gone = leavers.user(leaver.user()).filter(user -> user.getOtherShard() != 0);
            var region = gone.flatMap(user -> region(new ShardId(user.getOtherShard())));
            if (gone.isPresent() && !region.equals(Optional.of(here))) {
                open = true;
                region.ifPresent(known -> found.add(new Found(leaver.user(), gone.get())));
            } else if (!open) {
                settled.put(shard, leaver);
            }
        }
        if (page.size() < LOOKED_AT) {
            next.remove(shard);
        } else {
            next.put(shard, page.get(LOOKED_AT - 1));
        }
        return found;
    }

    private Optional<String> region(ShardId shard) {
        var known = regions.get(shard);
        if (known == null) {
            var unused = poolOf.apply(shard)
                    .thenAccept(pool -> pool.ifPresent(found -> regions.put(shard, found.region())))
                    .exceptionally(failure -> null); // asked again at the next look
        }
        return Optional.ofNullable(known);
    }
}
