// SPDX-License-Identifier: Apache-2.0
/**
 * The shell of each shard: one serial event loop that drives the pure core of {@code io.tintype.storage.replica} and
 * carries out its actions on the disk, towards peers and in ZooKeeper. {@link io.tintype.storage.shard.ShardReplica} is
 * what services see of a shard; {@link io.tintype.storage.shard.Peers} and {@link
 * io.tintype.storage.shard.PeerInbox} are the two sides of the seam towards other nodes.
 *
 * <p>No gRPC here, no byte layouts, and no decision about elections, epochs or in-sync sets: the core makes those.
 */
@NullMarked
package io.tintype.storage.shard;

import org.jspecify.annotations.NullMarked;
