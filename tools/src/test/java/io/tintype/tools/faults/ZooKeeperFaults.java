// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.List;

/** What can happen to ZooKeeper, and between it and a node. Stateless. */
final class ZooKeeperFaults {
    private ZooKeeperFaults() {}

    static Heal cutFromPrimary(Stage stage) {
        return NetworkFaults.cutBothWays(stage, stage.primary(), stage.cluster().zooKeepers());
    }

    static Heal killLeader(Stage stage) {
        var commands = stage.cluster().commands();
        var leader = stage.cluster().zooKeepers().stream()
                .filter(server -> ZooKeeperAdmin.isLeader(commands.direct(server)))
                .findFirst()
                .orElseGet(() -> stage.any(stage.cluster().zooKeepers()));
        return ProcessFaults.kill(stage, List.of(leader));
    }

    static Heal down(Stage stage) {
        return ProcessFaults.kill(stage, stage.cluster().zooKeepers());
    }

    static Heal expireSession(Stage stage) throws Exception {
        var commands = stage.cluster().commands();
        var servers =
                stage.cluster().zooKeepers().stream().map(commands::direct).toList();
        ZooKeeperAdmin.expireSession(String.join(",", servers), stage.primary().name());
        return () -> {};
    }
}
