// SPDX-License-Identifier: Apache-2.0
/**
 * The thin shard map: what ZooKeeper says of nodes, pools and shards, kept up to date by watches.
 *
 * <p>Readers only, save {@link io.tintype.cluster.map.ShardZnodes}, through which replicas write their own shard's
 * record. Where a shard <em>should</em> be is decided by the controller, not here.
 */
@NullMarked
package io.tintype.cluster.map;

import org.jspecify.annotations.NullMarked;
