// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import io.tintype.proto.v1.ChangePoolRequest;
import io.tintype.proto.v1.Labels;
import io.tintype.proto.v1.Regions;
import java.util.Collection;
import java.util.List;

/** What is to change of a pool; what is not set stays. Limits are those of {@link PoolInfo}. Not thread-safe. */
public final class PoolEdit {
    private final ChangePoolRequest.Builder request;

    private PoolEdit(PoolId pool) {
        this.request = ChangePoolRequest.newBuilder().setRegion(pool.region()).setTier(pool.tier());
    }

    /** Changes nothing yet. */
    public static PoolEdit of(PoolId pool) {
        return new PoolEdit(pool);
    }

    /** Replicas of each shard. */
    public PoolEdit replicationFactor(int replicas) {
        request.setReplicationFactor(replicas);
        return this;
    }

    /** In-sync replicas that a write needs. More are asked of a shard once it has them. */
    public PoolEdit minInsync(int replicas) {
        request.setMinInsync(replicas);
        return this;
    }

    /** Users a shard takes at most. */
    public PoolEdit usersPerShard(int users) {
        request.setUsersPerShard(users);
        return this;
    }

    /** Bytes beyond which a shard is given no more users; 0: no limit. */
    public PoolEdit bytesPerShard(long bytes) {
        request.setBytesPerShard(bytes);
        return this;
    }

    /** Bytes a user may store who has no quota of his own; 0: no limit. */
    public PoolEdit userBytes(long bytes) {
        request.setUserBytes(bytes);
        return this;
    }

    /** Blobs a user may have who has no quota of his own; 0: no limit. */
    public PoolEdit userBlobs(long blobs) {
        request.setUserBlobs(blobs);
        return this;
    }

    /** Whether each replica must have a zone of its own. */
    public PoolEdit zonesRequired(boolean required) {
        request.setZonesRequired(required);
        return this;
    }

    /** Whether copies may stand in other regions. */
    public PoolEdit unpinned(boolean unpinned) {
        request.setUnpinned(unpinned);
        return this;
    }

    /** Regions that are to hold a copy of every shard. */
    public PoolEdit observers(List<String> regions) {
        request.setObservers(Regions.newBuilder().addAllNames(regions));
        return this;
    }

    /** Cache-Control of answers over HTTP; empty: the default. */
    public PoolEdit cacheControl(String value) {
        request.setCacheControl(value);
        return this;
    }

    /** What a node must have to hold a replica that counts; replicas on others are moved by the next plan. */
    public PoolEdit labels(Collection<String> labels) {
        request.setLabels(Labels.newBuilder().addAllNames(labels));
        return this;
    }

    /** Whether chunks that come in from now on are sealed under a key of their user's own. */
    public PoolEdit sealed(boolean sealed) {
        request.setSealed(sealed);
        return this;
    }

    /** Lets limits fall below what is used already. Nobody is turned out; more is refused. */
    public PoolEdit allowOverLimit(boolean allow) {
        request.setAllowOverLimit(allow);
        return this;
    }

    ChangePoolRequest request(boolean preview) {
        return request.setPreview(preview).build();
    }
}
