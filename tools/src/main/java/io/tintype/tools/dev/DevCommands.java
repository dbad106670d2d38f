// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import java.util.List;

/** The commands of this package, for the root command. */
public final class DevCommands {
    private DevCommands() {}

    /** In the order in which the help lists them. */
    public static List<Class<?>> all() {
        return List.of(DevCommand.class, StorageNodeCommand.class, CoordinatorCommand.class, ConfigCommand.class);
    }
}
