// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.map.ShardZnodes;
import io.tintype.model.NodeId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.replica.ReplicaTiming;

/**
 * What all shards of a node share. Immutable; everything in it is thread-safe.
 *
 * @param self this node
 * @param disk where all of them are stored
 * @param znodes their configurations
 * @param peers the other nodes
 * @param threads what they run on
 * @param timing the same on every node of the cluster
 * @param clock both clocks
 * @param metrics what they tell monitoring
 * @param budgets what they may use together
 * @param snapshots the snapshots they send and install
 */
record ShardContext(
        NodeId self,
        Disk disk,
        ShardZnodes znodes,
        Peers peers,
        ShardThreads threads,
        ReplicaTiming timing,
        Clock clock,
        ShardMetrics metrics,
        Budgets budgets,
        SnapshotTraffic snapshots) {

    /**
     * Memory that the shards of a node share.
     *
     * @param proposals bytes of proposals not applied yet
     * @param staging bytes of chunks not staged yet
     * @param tails bytes of newest records kept in memory
     */
    record Budgets(ByteBudget proposals, ByteBudget staging, ByteBudget tails) {
        private static final int SHARE_OF_HEAP = 8;

        /** The limits of {@link ShardLimits}, each at most an eighth of a heap of so many bytes. */
        static Budgets of(long heapBytes) {
            long share = heapBytes / SHARE_OF_HEAP;
            return new Budgets(
                    new ByteBudget(Math.min(share, ShardLimits.PROPOSAL_BYTES)),
                    new ByteBudget(Math.min(share, ShardLimits.STAGING_BYTES)),
                    new ByteBudget(Math.min(share, ShardLimits.NODE_TAIL_BYTES)));
        }
    }
}
