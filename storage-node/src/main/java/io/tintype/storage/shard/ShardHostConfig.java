// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.replica.ReplicaTiming;
import java.time.Duration;

/**
 * What a {@link ShardHost} needs. Everything in it outlives the host. Immutable.
 *
 * @param self this node
 * @param disk where replicas are stored
 * @param session with ZooKeeper
 * @param nodes who is alive
 * @param peers the other nodes
 * @param timing the same on every node of the cluster
 * @param collectEvery how often what is no longer needed is removed
 * @param snapshotBytesPerSecond most bytes a second that are sent as snapshots, and most that are taken in
 * @param clock both clocks
 * @param metrics where to tell how things stand
 * @param region region this node stands in; empty: not known, and whatever is assigned is taken
 */
public record ShardHostConfig(
        NodeId self,
        Disk disk,
        ZkSession session,
        NodesWatcher nodes,
        Peers peers,
        ReplicaTiming timing,
        Duration collectEvery,
        long snapshotBytesPerSecond,
        Clock clock,
        MeterRegistry metrics,
        String region) {
    /** With default times, on this machine's clocks. */
    public static ShardHostConfig of(
            NodeId self, Disk disk, ZkSession session, NodesWatcher nodes, Peers peers, MeterRegistry metrics) {
        return new ShardHostConfig(
                self,
                disk,
                session,
                nodes,
                peers,
                ReplicaTiming.DEFAULT,
                Duration.ofSeconds(30),
                ShardLimits.SNAPSHOT_BYTES_PER_SECOND,
                Clock.SYSTEM,
                metrics,
                "");
    }

    /** In a region: shards of pools that are pinned to another one are refused. */
    public ShardHostConfig in(String place) {
        return with(timing, snapshotBytesPerSecond, clock, place);
    }

    /** With other times for leases and elections; all nodes of a cluster must agree on them. */
    public ShardHostConfig withTiming(ReplicaTiming other) {
        return with(other, snapshotBytesPerSecond, clock, region);
    }

    /** On other clocks. */
    public ShardHostConfig withClock(Clock other) {
        return with(timing, snapshotBytesPerSecond, other, region);
    }

    /** With another limit for snapshots. */
    public ShardHostConfig withSnapshotRate(long bytesPerSecond) {
        return with(timing, bytesPerSecond, clock, region);
    }

    private ShardHostConfig with(ReplicaTiming times, long snapshotRate, Clock clocks, String place) {
        return new ShardHostConfig(
                self, disk, session, nodes, peers, times, collectEvery, snapshotRate, clocks, metrics, place);
    }
}
