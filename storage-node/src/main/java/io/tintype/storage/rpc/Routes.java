// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.Shards;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Finds the replica on this node that a call is for. Thread-safe; never blocks. */
final class Routes {
    private final Shards shards;
    private final Homes homes;

    Routes(Shards shards, Homes homes) {
        this.shards = shards;
        this.homes = homes;
    }

    /**
     * The replica of the shard where the caller believes the user to live, or, where he believes nothing, of the one the
     * directory names.
     *
     * @return fails with NOT_PRIMARY where this node holds no replica of it, USER_NOT_FOUND where nobody knows the user
     */
    CompletableFuture<ShardReplica> data(UserId user, Optional<ShardId> hint) {
        if (hint.isPresent()) {
            return CompletableFuture.completedFuture(data(hint.get()));
        }
        return homes.find(user, false).thenApply(home -> data(home.shard()));
    }

    /**
     * The replica on this node of a shard that keeps blobs.
     *
     * @throws TintypeException NOT_PRIMARY where there is none, WRONG_SHARD where it keeps directory entries
     */
    ShardReplica data(ShardId id) {
        return local(id, false);
    }

    /**
     * The replica on this node of a shard that keeps directory entries.
     *
     * @throws TintypeException NOT_PRIMARY where there is none, WRONG_SHARD where it keeps blobs
     */
    ShardReplica directory(ShardId id) {
        return local(id, true);
    }

    /** All replicas on this node. */
    Collection<ShardReplica> all() {
        return shards.all();
    }

    private ShardReplica local(ShardId id, boolean directory) {
        var replica = shards.find(id).orElseThrow(() -> notHere(id));
        if (replica.status().directory() != directory) {
            throw new TintypeException(
                    Reason.WRONG_SHARD,
                    "shard " + id + " keeps "
                            + (directory ? "blobs, not directory entries" : "directory entries, not blobs"));
        }
        return replica;
    }

    /**
     * The same, and it must lead its shard.
     *
     * @throws TintypeException NOT_PRIMARY or NO_PRIMARY, naming who leads where that is known
     */
    static ShardReplica leading(ShardReplica replica) {
        var status = replica.status();
        if (status.leads()) {
            return replica;
        }
        var details = new HashMap<String, String>();
        details.put(TintypeException.SHARD, status.id().toString());
        details.put(TintypeException.EPOCH, Long.toString(status.epoch()));
        status.primary().ifPresent(primary -> details.put(TintypeException.PRIMARY, primary.value()));
        throw new TintypeException(
                Reason.NOT_PRIMARY,
                "this node does not lead shard " + status.id()
                        + status.primary()
                                .map(primary -> "; ask node " + primary)
                                .orElse("; nobody is known to lead it now, try again a little later"),
                details);
    }

    static TintypeException unknown(UserId user) {
        return new TintypeException(
                Reason.USER_NOT_FOUND,
                "user '" + user + "' is not registered; register him, or write to a coordinator, which does");
    }

    static TintypeException wrongShard(UserId user, ShardId asked, ShardId home) {
        return new TintypeException(
                Reason.WRONG_SHARD,
                "user '" + user + "' does not live on shard " + asked + " but on shard " + home,
                Map.of(TintypeException.SHARD, home.toString()));
    }

    private static TintypeException notHere(ShardId id) {
        return new TintypeException(
                Reason.NOT_PRIMARY,
                "this node holds no replica of shard " + id + "; ask a coordinator who does",
                Map.of(TintypeException.SHARD, id.toString()));
    }
}
