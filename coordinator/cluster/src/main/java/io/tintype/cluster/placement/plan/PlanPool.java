// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.PoolId;
import java.util.Set;

/**
 * The rules of a pool, as far as placement goes. Immutable.
 *
 * @param id its region and tier
 * @param region where its voters stand, and never leave: its own region, unless its rules say otherwise
 * @param replicationFactor replicas of each shard
 * @param labels what a node must have to hold one
 */
public record PlanPool(PoolId id, String region, int replicationFactor, Set<String> labels) {
    public PlanPool {
        labels = Set.copyOf(labels);
    }

    /** Voters in the pool's own region. */
    public PlanPool(PoolId id, int replicationFactor, Set<String> labels) {
        this(id, id.region(), replicationFactor, labels);
    }

    /** The residency rule: whether a replica of this pool may lie on a node at all, whatever else happens. */
    public boolean mayLiveOn(PlanNode node) {
        return node.region().equals(region) && node.labels().containsAll(labels);
    }
}
