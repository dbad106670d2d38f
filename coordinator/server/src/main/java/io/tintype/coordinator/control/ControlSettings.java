// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.config.Meaning;

/**
 * What the controller makes of an empty cluster, and how it lets pools grow.
 */
public record ControlSettings(
        @Meaning("Replicas of the first pool's shards; it is made once as many nodes of the region are live. 1 to 7.")
        int replicationFactor,

        @Meaning("Shards of the first pool; 1 to 256.") int initialShards,
        @Meaning("Shards of the directory; 1 to 256.") int directoryShards,

        @Meaning("Users a shard of the first pool takes at most.")
        int usersPerShard,

        @Meaning("Percent of room left below which a pool is given more shards; 0 to 90. 0: only once it is full.")
        int roomPercent,

        @Meaning("Shards that all pools together are given a minute for want of room, at most; 0 to 10000. 0: none.")
        int newShardsPerMinute,

        @Meaning("How replicas are moved.") BalanceSettings balance) {
    /** Three replicas, eight shards and two of the directory, 100,000 users a shard; more below 20 % of room. */
    public static final ControlSettings DEFAULTS =
            new ControlSettings(3, 8, 2, 100_000, 20, 16, BalanceSettings.DEFAULTS);

    public ControlSettings {
        require("control.replicationFactor", replicationFactor, 7);
        require("control.initialShards", initialShards, 256);
        require("control.directoryShards", directoryShards, 256);
        require("control.usersPerShard", usersPerShard, 10_000_000);
        requireUpTo("control.roomPercent", roomPercent, 90);
        requireUpTo("control.newShardsPerMinute", newShardsPerMinute, 10_000);
    }

    /** The same with another number of replicas: that of an empty cluster's nodes, where it is known beforehand. */
    public ControlSettings withReplicationFactor(int replicas) {
        return new ControlSettings(
                replicas, initialShards, directoryShards, usersPerShard, roomPercent, newShardsPerMinute, balance);
    }

    private static void requireUpTo(String setting, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is " + value + "; it must be 0 to " + max + ".");
        }
    }

    private static void require(String setting, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is " + value + "; it must be 1 to " + max + ".");
        }
    }
}
