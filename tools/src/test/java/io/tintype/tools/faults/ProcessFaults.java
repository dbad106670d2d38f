// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.List;

/** Processes that die, and such that stand still. Stateless. */
final class ProcessFaults {
    private ProcessFaults() {}

    static Heal killPrimary(Stage stage) {
        return kill(stage, List.of(stage.primary()));
    }

    static Heal killBackup(Stage stage) {
        return kill(stage, List.of(stage.backup()));
    }

    static Heal killAllNodes(Stage stage) {
        return kill(stage, stage.cluster().nodes());
    }

    static Heal killCoordinators(Stage stage) {
        return kill(stage, stage.cluster().coordinators());
    }

    static Heal killEverything(Stage stage) {
        return kill(stage, stage.cluster().servers());
    }

    static Heal pausePrimary(Stage stage) {
        return pause(stage, List.of(stage.primary()));
    }

    static Heal pauseBackup(Stage stage) {
        return pause(stage, List.of(stage.backup()));
    }

    static Heal pauseAllNodes(Stage stage) {
        return pause(stage, stage.cluster().nodes());
    }

    /** SIGKILL to some; healed by starting them again. */
    static Heal kill(Stage stage, List<Site> sites) {
        var processes = sites.stream().map(stage.cluster()::process).toList();
        processes.forEach(ServerProcess::kill);
        return () -> processes.forEach(ServerProcess::start);
    }

    private static Heal pause(Stage stage, List<Site> sites) {
        var processes = sites.stream().map(stage.cluster()::process).toList();
        processes.forEach(ServerProcess::pause);
        return () -> processes.forEach(ServerProcess::resume);
    }
}
