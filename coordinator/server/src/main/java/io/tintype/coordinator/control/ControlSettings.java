// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.config.Meaning;
import java.time.Duration;

/**
 * What the controller makes of an empty cluster.
 */
public record ControlSettings(
        @Meaning("Replicas of the first pool's shards, where there are nodes enough; 1 to 7.")
        int replicationFactor,

        @Meaning("Shards of the first pool; 1 to 256.") int initialShards,
        @Meaning("Shards of the directory; 1 to 256.") int directoryShards,

        @Meaning("Users a shard of the first pool takes at most.")
        int usersPerShard,

        @Meaning("How long the controller waits for more storage nodes once the first one is live.")
        Duration settleTime) {
    /** Three replicas, eight shards and two of the directory, 100,000 users a shard, 3 s. */
    public static final ControlSettings DEFAULTS = new ControlSettings(3, 8, 2, 100_000, Duration.ofSeconds(3));

    public ControlSettings {
        require("control.replicationFactor", replicationFactor, 7);
        require("control.initialShards", initialShards, 256);
        require("control.directoryShards", directoryShards, 256);
        require("control.usersPerShard", usersPerShard, 10_000_000);
        if (settleTime.isNegative() || settleTime.compareTo(Duration.ofMinutes(10)) > 0) {
            throw new IllegalArgumentException(
                    "Setting control.settleTime is " + settleTime + "; it must be 0 to 10 minutes.");
        }
    }

    /** The same with another number of replicas: that of an empty cluster's nodes, where it is known beforehand. */
    public ControlSettings withReplicationFactor(int replicas) {
        return new ControlSettings(replicas, initialShards, directoryShards, usersPerShard, settleTime);
    }

    private static void require(String setting, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is " + value + "; it must be 1 to " + max + ".");
        }
    }
}
