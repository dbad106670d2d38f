// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Usage;
import io.tintype.client.UsersClient;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype user freeze} and {@code unfreeze}. */
abstract class FreezeCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
    private String user;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    /** Changes the user; what he uses then. */
    abstract Usage change(UsersClient users, String id);

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var usage = change(client.users(), user);
            output.print(UserCommand.UsageDocument.of(user, usage), UserCommand.text(user, usage));
        }
        return ExitCode.OK.number();
    }

    /** {@code tintype user freeze}. */
    @Command(
            name = "freeze",
            description = {
                "Freezes a user: nothing of his is stored, replaced or deleted until he is unfrozen.",
                "",
                "Reads go on. Blobs past their time to live still go. He can be moved, and stays frozen."
            },
            footer = {"  tintype user freeze alice", "  tintype user unfreeze alice"})
    static final class Freeze extends FreezeCommand {
        @Override
        Usage change(UsersClient users, String id) {
            return users.freeze(id);
        }
    }

    /** {@code tintype user unfreeze}. */
    @Command(
            name = "unfreeze",
            description = "Lets a user go on who was frozen.",
            footer = "  tintype user unfreeze alice")
    static final class Unfreeze extends FreezeCommand {
        @Override
        Usage change(UsersClient users, String id) {
            return users.unfreeze(id);
        }
    }
}
