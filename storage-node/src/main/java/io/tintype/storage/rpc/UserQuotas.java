// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What users of data shards use and may use. Thread-safe; never blocks. */
final class UserQuotas {
    private final Toolbox box;

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

    /** Gives a user a quota of his own, or takes it away; what he uses and may use then. */
    CompletableFuture<SetUserQuotaResponse> set(ShardReplica shard, UserId user, ChangeUserQuota change) {
        return box.gate()
                .claim(shard, user)
                .thenCompose(claimed -> shard.propose(Writes.proposal(RecordType.USER_QUOTA, user, null, change)))
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
