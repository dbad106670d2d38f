// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.internal.v1.SetUserQuotaResponse;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.Quota;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** What users of data shards use and may use. Thread-safe; never blocks. */
final class UserQuotas {
    private static final Duration TURN_RETRY = Duration.ofMillis(50);

    private final Toolbox box;
    private final Set<Turn> underWay = ConcurrentHashMap.newKeySet();

    /** Whose quota is being changed, and where. */
    private record Turn(ShardId shard, UserId user) {}

    UserQuotas(Toolbox box) {
        this.box = box;
    }

    /** What a user uses now and may use; a user who lives on the shard and stored nothing yet uses nothing. */
    CompletableFuture<GetUserUsageResponse> usage(ShardReplica shard, UserId user) {
        return Reads.read(shard, new ReadDemand.Linearizable(), box.readers(), reader -> owned(reader, user))
                .thenCompose(answer -> answer.value()
                        .map(owned -> CompletableFuture.completedFuture(usage(shard, owned)))
                        .orElseGet(() -> box.gate()
                                .livesOn(shard, user)
                                .thenApply(entry -> usage(shard, StoredUser.getDefaultInstance()))));
    }

    /**
     * Gives a user a quota of his own, or takes it away; what he uses and may use then. One change of a user at a time: what is
     * kept is read before it is written. While another one is under way this fails with UNAVAILABLE, and nothing is done.
     *
     * @param keepBytes whether bytes are to stay as they are, whatever the change says
     * @param keepBlobs whether blobs are
     */
    CompletableFuture<SetUserQuotaResponse> set(
            ShardReplica shard, UserId user, ChangeUserQuota change, boolean keepBytes, boolean keepBlobs) {
        var turn = new Turn(shard.id(), user);
        if (!underWay.add(turn)) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.UNAVAILABLE,
                    "Another change of the quota of user '" + user + "' is under way; try again.",
                    TURN_RETRY));
        }
        return CompletableFuture.completedFuture(turn)
                .thenCompose(begun -> box.gate().claim(shard, user))
                .thenCompose(claimed -> keepBytes || keepBlobs
                        ? kept(shard, user, change, keepBytes, keepBlobs)
                        : CompletableFuture.completedFuture(change))
                .thenCompose(whole -> set(shard, user, whole))
                .whenComplete((done, failure) -> underWay.remove(turn));
    }

    private CompletableFuture<ChangeUserQuota> kept(
            ShardReplica shard, UserId user, ChangeUserQuota change, boolean keepBytes, boolean keepBlobs) {
        return usage(shard, user)
                .thenApply(now -> change.toBuilder()
                        .setBytes(keepBytes ? now.getBytesLimit() : change.getBytes())
                        .setBlobs(keepBlobs ? now.getBlobsLimit() : change.getBlobs())
                        .build());
    }

    private CompletableFuture<SetUserQuotaResponse> set(ShardReplica shard, UserId user, ChangeUserQuota change) {
        return shard.propose(Writes.proposal(RecordType.USER_QUOTA, user, null, change))
                .thenCompose(committed -> {
                    committed.outcome().orThrow();
                    return Reads.read(
                            shard,
                            new ReadDemand.Linearizable(),
                            box.readers(),
                            reader -> reader.users().user(user));
                })
                .thenApply(answer -> SetUserQuotaResponse.newBuilder()
                        .setUsage(usage(shard, answer.value().orElseThrow(() -> Routes.unknown(user))))
                        .build());
    }

    private static GetUserUsageResponse usage(ShardReplica shard, StoredUser user) {
        var rules = shard.status().rules();
        var quota = Quota.of(user, rules.userBytes(), rules.userBlobs());
        return GetUserUsageResponse.newBuilder()
                .setBlobs(user.getBlobs())
                .setBytes(user.getBytes())
                .setBlobsLimit(quota.blobs())
                .setBytesLimit(quota.bytes())
                .setOwnQuota(user.getOwnQuota())
                .setHalted(user.getHalted())
                .build();
    }

    private static Optional<StoredUser> owned(ShardReader reader, UserId user) {
        var here = reader.users().owned(user);
        return reader.takesChanges(user) ? here : Optional.empty();
    }
}
