// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import java.util.concurrent.CompletableFuture;

/**
 * Lets a user's first write take him into his shard. Thread-safe; never blocks its caller.
 *
 * <p>What it remembers only spares questions: whether a shard owns a user is decided again when a record is applied.
 */
final class UserGate {
    private static final int REMEMBERED = 100_000;

    /** How often the directory is asked for one claim, because the shard forgot users meanwhile. */
    private static final int CLAIMS = 4;

    /** Under which the directory enters a user who was never registered before. */
    private static final long FIRST_GENERATION = 1;

    private final ReaderPool readers;
    private final Homes homes;
    private final Cache<Home, Boolean> owned =
            Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    private record Home(ShardId shard, UserId user) {}

    UserGate(ReaderPool readers, Homes homes) {
        this.readers = readers;
        this.homes = homes;
    }

    /**
     * Makes sure that the shard owns a user who wants to write.
     *
     * @return fails with USER_NOT_FOUND, WRONG_SHARD or SHARD_FULL, and as {@link ShardReplica#propose}
     */
    CompletableFuture<Void> admit(ShardReplica shard, UserId user) {
        var home = new Home(shard.id(), user);
        if (owned.getIfPresent(home) != null) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.supplyAsync(() -> shard.reader().takesChanges(user), readers)
                .thenCompose(here -> {
                    if (here) {
                        owned.put(home, true);
                        return CompletableFuture.completedFuture(null);
                    }
                    return claim(shard, user).thenAccept(generation -> {});
                });
    }

    /**
     * Takes a user in whom the directory sends here. Doing it again changes nothing.
     *
     * @return the generation under which the shard owns him; fails as {@link #admit}
     */
    CompletableFuture<Long> claim(ShardReplica shard, UserId user) {
        return claim(shard, user, CLAIMS);
    }

    private CompletableFuture<Long> claim(ShardReplica shard, UserId user, int triesLeft) {
        var askedAt = shard.reader().appliedAt(); // before the directory is asked
        return livesOn(shard, user).thenCompose(entry -> {
            var claim = ClaimUser.newBuilder()
                    .setGeneration(entry.generation())
                    .setUsersLimit(shard.status().usersLimit())
                    .setAskedEpoch(askedAt.epoch())
                    .setAskedSequence(askedAt.seq())
                    .build();
            return shard.propose(Writes.proposal(RecordType.USER_CLAIM, user, null, claim))
                    .thenCompose(committed -> {
                        if (triesLeft > 1
                                && committed.outcome() instanceof Outcome.Refused refused
                                && refused.reason() == Reason.UNAVAILABLE) {
                            return claim(shard, user, triesLeft - 1); // it forgot somebody meanwhile
                        }
                        if (committed.outcome().orThrow() instanceof Outcome.Claimed claimed) {
                            owned.put(new Home(shard.id(), user), true);
                            return CompletableFuture.completedFuture(claimed.generation());
                        }
                        throw new IllegalStateException("claim ended with " + committed.outcome());
                    });
        });
    }

    /**
     * What to make of a user of whom the shard knows nothing: he lives here and has not written yet, and his home is
     * the answer; else it fails with USER_NOT_FOUND or WRONG_SHARD.
     */
    CompletableFuture<UserHome> livesOn(ShardReplica shard, UserId user) {
        return homes.find(user, true).thenApply(home -> {
            if (!home.shard().equals(shard.id())) {
                throw Routes.wrongShard(user, shard.id(), home.shard());
            }
            return home;
        });
    }

    /**
     * What the silence of a replica about a user who lives here by the directory means.
     *
     * @param stale whether writes acknowledged before the read may be missing in what the replica shows
     * @throws TintypeException FRESHNESS_UNPROVEN where it may not have heard yet that he came, with all that he has, from
     *     elsewhere. Of one version nobody learns from it that it is nowhere, so that is not asked for
     */
    static void requireHeardOf(ShardId shard, UserId user, UserHome home, ReadDemand demand, boolean stale) {
        if (stale && home.generation() > FIRST_GENERATION && !(demand instanceof ReadDemand.AnyState)) {
            throw new TintypeException(
                    Reason.FRESHNESS_UNPROVEN,
                    "shard " + shard + ": user '" + user + "' lives here and may have come from elsewhere, which this"
                            + " replica has not heard of yet; ask another replica, or its primary");
        }
    }

    /** The stay in which a replica has a user: under which generation it is his home; 0: it is not. Blocks on the disk. */
    static long stay(ShardReplica shard, UserId user) {
        return shard.reader().users().owned(user).map(StoredUser::getGeneration).orElse(0L);
    }

    /**
     * What a replica that lags has of a user whose session wrote on other shards too.
     *
     * @param stay as it was before that was read
     * @throws TintypeException FRESHNESS_UNPROVEN where it is of an earlier stay than the directory knows: what he wrote
     *     elsewhere in between, and brought back, is not in it
     */
    static void requireStay(ShardId shard, UserId user, UserHome home, long stay) {
        if (stay < home.generation()) {
            throw new TintypeException(
                    Reason.FRESHNESS_UNPROVEN,
                    "shard " + shard + ": user '" + user + "' may have been elsewhere and come back, which this replica"
                            + " has not heard of yet; ask another replica, or its primary");
        }
    }

    /** Forgets what a refused write has disproved. */
    void learn(ShardReplica shard, UserId user, Throwable failure) {
        if (failure instanceof TintypeException refusal
                && (refusal.reason() == Reason.WRONG_SHARD || refusal.reason() == Reason.USER_MOVING)) {
            owned.invalidate(new Home(shard.id(), user));
        }
    }
}
