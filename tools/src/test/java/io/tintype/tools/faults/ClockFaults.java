// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;

/** Wall clocks that are set, there and back. Stateless. */
final class ClockFaults {
    private ClockFaults() {}

    static Heal forward(Stage stage) throws IOException {
        return step(stage, stage.primary(), "+3h");
    }

    static Heal back(Stage stage) throws IOException {
        return step(stage, stage.primary(), "-3h");
    }

    private static Heal step(Stage stage, Site node, String offset) throws IOException {
        var commands = stage.cluster().commands();
        commands.setClock(node, offset);
        return () -> commands.setClock(node, "+0");
    }
}
