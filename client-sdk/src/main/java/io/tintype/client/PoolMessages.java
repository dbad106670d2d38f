// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import io.tintype.proto.v1.AcceptedLoss;
import io.tintype.proto.v1.ChangePoolResponse;
import io.tintype.proto.v1.GetPoolResponse;
import io.tintype.proto.v1.Pool;
import io.tintype.proto.v1.PoolShard;
import io.tintype.proto.v1.PoolShardEffect;
import io.tintype.proto.v1.ShardSwitchWay;
import io.tintype.proto.v1.SwitchPoolRequest;
import io.tintype.proto.v1.SwitchPoolResponse;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Messages about pools to and from the shapes that applications see. Stateless and thread-safe. */
final class PoolMessages {
    private PoolMessages() {}

    static PoolInfo pool(Pool pool) {
        return new PoolInfo(
                new PoolId(pool.getRegion(), pool.getTier()),
                pool.getReplicationFactor(),
                pool.getMinInsync(),
                pool.getUsersPerShard(),
                pool.getInitialShards(),
                pool.getBytesPerShard(),
                pool.getUserBytes(),
                pool.getUserBlobs(),
                pool.getZonesRequired(),
                pool.getUnpinned(),
                pool.getObserversList(),
                pool.getServingRegion(),
                pool.getCacheControl(),
                Set.copyOf(pool.getLabelsList()),
                pool.getSealed());
    }

    static Pool pool(PoolInfo pool) {
        return Pool.newBuilder()
                .setRegion(pool.id().region())
                .setTier(pool.id().tier())
                .setReplicationFactor(pool.replicationFactor())
                .setMinInsync(pool.minInsync())
                .setUsersPerShard(pool.usersPerShard())
                .setInitialShards(pool.initialShards())
                .setBytesPerShard(pool.bytesPerShard())
                .setUserBytes(pool.userBytes())
                .setUserBlobs(pool.userBlobs())
                .setZonesRequired(pool.zonesRequired())
                .setUnpinned(pool.unpinned())
                .addAllObservers(pool.observers())
                .setServingRegion(pool.servingRegion())
                .setCacheControl(pool.cacheControl())
                .addAllLabels(pool.labels())
                .setSealed(pool.sealed())
                .build();
    }

    static PoolEffect effect(ChangePoolResponse answer) {
        return new PoolEffect(
                pool(answer.getBefore()),
                pool(answer.getAfter()),
                answer.getChanged(),
                answer.getEffectsList().stream().map(PoolMessages::effect).toList(),
                answer.getUsersOverQuota());
    }

    private static PoolEffect.ShardEffect effect(PoolShardEffect effect) {
        return new PoolEffect.ShardEffect(
                effect.getShard(),
                effect.getAddedList(),
                effect.getRemovedList(),
                effect.getBytes(),
                effect.getUsersOverLimit(),
                effect.getBytesOverLimit(),
                effect.getError());
    }

    static PoolDetail detail(GetPoolResponse answer) {
        return new PoolDetail(
                pool(answer.getPool()),
                answer.getShardsList().stream().map(PoolMessages::fill).toList());
    }

    private static PoolDetail.ShardFill fill(PoolShard shard) {
        return new PoolDetail.ShardFill(
                shard.getShard(),
                shard.getError(),
                shard.getUsers(),
                shard.getUsersLimit(),
                shard.getBlobs(),
                shard.getBytes(),
                shard.getCopiesList().stream()
                        .map(copy -> new PoolDetail.Copy(
                                copy.getNode(),
                                copy.getRegion(),
                                copy.getError(),
                                copy.getLagRecords(),
                                moment(copy.getAsOfMs())))
                        .toList());
    }

    private static Optional<Instant> moment(long ms) {
        return ms == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ms));
    }

    static PoolSwitch poolSwitch(SwitchPoolResponse answer) {
        return new PoolSwitch(
                pool(answer.getBefore()),
                pool(answer.getAfter()),
                answer.getChanged(),
                answer.getShardsList().stream()
                        .map(shard -> new PoolSwitch.Shard(
                                shard.getShard(),
                                shard.getDirectory(),
                                way(shard.getWay()),
                                shard.getNode(),
                                moment(shard.getAsOfMs()),
                                shard.getLastSequence(),
                                shard.getLagRecords(),
                                shard.getError()))
                        .toList());
    }

    private static PoolSwitch.Way way(ShardSwitchWay way) {
        return switch (way) {
            case SHARD_SWITCH_WAY_THERE -> PoolSwitch.Way.THERE;
            case SHARD_SWITCH_WAY_HAND_OVER -> PoolSwitch.Way.HAND_OVER;
            case SHARD_SWITCH_WAY_FORCE -> PoolSwitch.Way.FORCE;
            case SHARD_SWITCH_WAY_NONE, SHARD_SWITCH_WAY_UNSPECIFIED, UNRECOGNIZED -> PoolSwitch.Way.NONE;
        };
    }

    /** @param shownOrNull the preview that was accepted; null: another preview is asked for */
    static SwitchPoolRequest switchRequest(PoolId pool, String to, @Nullable PoolSwitch shownOrNull, String confirmed) {
        var request = SwitchPoolRequest.newBuilder()
                .setRegion(pool.region())
                .setTier(pool.tier())
                .setTo(to);
        if (shownOrNull == null) {
            return request.setPreview(true).build();
        }
        shownOrNull.shards().stream()
                .filter(shard -> shard.way() == PoolSwitch.Way.FORCE)
                .forEach(shard -> request.addAccepted(AcceptedLoss.newBuilder()
                        .setShard(shard.shard())
                        .setAsOfMs(shard.asOf().map(Instant::toEpochMilli).orElse(0L))));
        return request.setConfirmPool(confirmed).build();
    }
}
