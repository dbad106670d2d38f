// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.storage.node.KeySettings;
import io.tintype.storage.node.StorageNode;
import io.tintype.storage.node.StorageNodeConfig;
import io.tintype.storage.node.StorageNodeException;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;

/** Runs every server in this process: starts soonest and needs least memory. */
final class OneProcess implements ServerLauncher {
    private static final String LOOPBACK = "127.0.0.1";

    @Override
    public Running storageNode(NodePlan plan) {
        try {
            var node = StorageNode.start(StorageNodeConfig.defaults()
                    .withId(plan.id())
                    .withZookeeper(plan.zookeeper())
                    .withDataDir(plan.data())
                    .withKeys(new KeySettings(plan.keys()))
                    .withListen(LOOPBACK, plan.port(), plan.peerPort()));
            return running(
                    new ServerOptions.Serving(plan.id(), node.address(), node.peerAddress(), node.stopped(), node));
        } catch (StorageNodeException e) {
            throw new CommandFailure(ExitCode.FAILURE, plan.id() + " does not start: " + e.getMessage(), e);
        }
    }

    @Override
    public Running coordinator(CoordinatorPlan plan) {
        var config = CoordinatorConfig.DEFAULTS
                .withZookeeper(ZkConfig.of(plan.zookeeper()))
                .withPorts(plan.port(), plan.httpPort())
                .withControl(CoordinatorConfig.DEFAULTS.control().withReplicationFactor(plan.replicas()));
        return running(CoordinatorCommand.serving(config, Coordinator.start(config)));
    }

    private static Running running(ServerOptions.Serving server) {
        return new Running(
                server.name(),
                ProcessHandle.current().pid(),
                server.address(),
                server.otherAddress(),
                server.stopped().thenApply(reason -> server.name() + " cannot go on: " + reason),
                server.handle());
    }
}
