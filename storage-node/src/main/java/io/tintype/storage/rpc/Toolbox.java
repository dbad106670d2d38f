// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.UserId;
import io.tintype.proto.v1.PutHeader;
import io.tintype.storage.keys.Sealing;
import io.tintype.storage.keys.UserKeys;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Wire;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;

/**
 * What all calls of a node share. Immutable; everything in it is thread-safe.
 *
 * @param routes finds replicas
 * @param gate takes users in
 * @param keys seals chunks and opens them
 * @param readers threads that may block on the disk
 * @param failures ends calls with errors
 * @param uploads bytes that uploads may hold
 * @param downloads bytes that reads may hold
 * @param stalls gives up what stands still
 * @param limits other limits
 * @param clock calendar time
 */
record Toolbox(
        Routes routes,
        UserGate gate,
        UserKeys keys,
        ReaderPool readers,
        Failures failures,
        ByteBudget uploads,
        ByteBudget downloads,
        Stalls stalls,
        RpcLimits limits,
        InstantSource clock) {

    /**
     * A header that has just come.
     *
     * @throws io.tintype.model.TintypeException naming the first field that is wrong
     */
    PutSpec spec(PutHeader header) {
        return PutSpec.of(header, limits.maxBlobBytes(), age(header.getRetryAgeMs()));
    }

    /**
     * The age of a request that has just come.
     *
     * @throws io.tintype.model.TintypeException REQUEST_EXPIRED where it is too old already
     */
    RetryAge age(long retryAgeMs) {
        var age = RetryAge.of(retryAgeMs, stalls.now());
        age.check(stalls.now());
        return age;
    }

    /**
     * The replica that takes a user's changes: it leads its shard, and the shard owns the user.
     *
     * @param hint the request's field shard
     */
    CompletableFuture<ShardReplica> forChanges(UserId user, int hint) {
        return routes.data(user, Wire.shardHint(hint))
                .thenApply(Routes::leading)
                .thenCompose(shard -> gate.admit(shard, user).thenApply(admitted -> shard));
    }

    /**
     * The same, for who brings bytes: with what is to be done to them.
     *
     * @return fails as above, and with UNAVAILABLE where the user's key cannot be had
     */
    CompletableFuture<Taker> forBytes(UserId user, int hint) {
        return forChanges(user, hint)
                .thenCompose(shard -> sealing(shard, user).thenApply(sealing -> new Taker(shard, sealing)));
    }

    /** What is to be done to chunks of a user by the rules of the shard that takes them. */
    CompletableFuture<Sealing> sealing(ShardReplica shard, UserId user) {
        return shard.status().rules().sealed()
                ? keys.sealing(user, readers)
                : CompletableFuture.completedFuture(Sealing.NONE);
    }

    /** A replica that takes bytes, and what is done to them before. */
    record Taker(ShardReplica shard, Sealing sealing) {}
}
