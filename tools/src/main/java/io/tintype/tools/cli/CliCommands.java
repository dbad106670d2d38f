// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import java.util.List;

/** The commands of this package, for the root command. */
public final class CliCommands {
    private CliCommands() {}

    /** In the order in which the help lists them. */
    public static List<Class<?>> all() {
        return List.of(
                PutCommand.class,
                GetCommand.class,
                HeadCommand.class,
                LsCommand.class,
                RmCommand.class,
                CpCommand.class,
                UrlCommand.class,
                ExplainCommand.class,
                UserCommand.class,
                ShardCommand.class,
                NodeCommand.class,
                PoolCommand.class,
                RebalanceCommand.class,
                ClusterCommand.class,
                VerifyCommand.class,
                CompletionCommand.class);
    }
}
