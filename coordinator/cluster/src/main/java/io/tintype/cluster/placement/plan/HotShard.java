// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;

/**
 * A shard that alone is more than a node's share of the calls: neither its primary's place nor its replicas' helps, only
 * fewer users on it. Immutable.
 *
 * @param shard the shard
 * @param primary who leads it
 * @param opsPerSecond calls a second
 * @param share those of a node that has just its share
 */
public record HotShard(ShardId shard, NodeId primary, double opsPerSecond, double share) {}
