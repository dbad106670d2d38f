// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Usage;
import io.tintype.client.UserInfo;
import io.tintype.model.PoolId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype user}: who lives where, and has stored how much. */
@Command(
        name = "user",
        description = "Registers users, tells where they live and what they have stored, moves, exports, freezes"
                + " and erases them.",
        subcommands = {
            UserCommand.Register.class,
            UserCommand.Show.class,
            UserCommand.UsageOf.class,
            UserQuotaCommand.class,
            ExportCommand.class,
            FreezeCommand.Freeze.class,
            FreezeCommand.Unfreeze.class,
            EraseCommand.class,
            UserWhere.class,
            MoveCommand.class,
            MovesCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  tintype user register alice",
            "  tintype user show alice",
            "  tintype user usage alice --json",
            "  tintype user export alice ./alice",
            "  tintype user move alice --tier paid"
        })
final class UserCommand {
    private UserCommand() {}

    /** {@code tintype user register}. */
    @Command(
            name = "register",
            description = {
                "Registers a user in a pool, which gives him a shard.",
                "",
                "Not needed before the first put: whoever writes unregistered is registered where the cluster sees fit."
                        + " Registering again the same way changes nothing."
            },
            footer = {"  tintype user register alice", "  tintype user register alice --pool eu-west.standard"})
    static final class Register implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
        private String user;

        @Option(
                names = "--pool",
                paramLabel = "REGION.TIER",
                converter = Pools.Converter.class,
                description = "The pool he is to live in (default: the coordinator's region, default tier).")
        private @Nullable PoolId pool;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var done = pool == null
                        ? client.users().register(user)
                        : client.users().register(user, pool);
                output.print(
                        new Registered(UserDocument.of(done.user()), done.created()),
                        (done.created() ? "registered " : "was registered already: ") + text(done.user()));
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype user show}. */
    @Command(name = "show", description = "Tells where a user lives.", footer = "  tintype user show alice")
    static final class Show implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
        private String user;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var found = client.users().lookup(user);
                output.print(UserDocument.of(found), text(found));
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype user usage}. */
    @Command(
            name = "usage",
            description = "Tells what a user has stored, and may store, exact as of the answer.",
            footer = "  tintype user usage alice")
    static final class UsageOf implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
        private String user;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var usage = client.users().usage(user);
                output.print(UsageDocument.of(user, usage), text(user, usage));
            }
            return ExitCode.OK.number();
        }
    }

    static String text(String user, Usage usage) {
        return Text.printable(user) + ": " + usage.blobs() + " blobs, " + usage.bytes() + " bytes ("
                + Humane.bytes(usage.bytes()) + "); "
                + (usage.bytesLimit() == 0 && usage.blobsLimit() == 0
                        ? "no quota"
                        : "quota "
                                + (usage.blobsLimit() == 0 ? "" : usage.blobsLimit() + " blobs ")
                                + (usage.bytesLimit() == 0 ? "" : usage.bytesLimit() + " bytes ")
                                + (usage.ownQuota() ? "of his own" : "of his pool"))
                + (usage.frozen() ? "; FROZEN by an operator" : "");
    }

    private static String text(UserInfo user) {
        return Text.printable(user.id()) + ": pool " + user.pool() + ", shard "
                + user.shard().value();
    }

    /**
     * A user as {@code --json} prints him.
     *
     * @param id the user's id
     * @param pool region.tier
     * @param shard the shard he lives on
     * @param generation rises with every move
     */
    record UserDocument(String id, String pool, int shard, long generation) {
        static UserDocument of(UserInfo user) {
            return new UserDocument(
                    user.id(), user.pool().toString(), user.shard().value(), user.generation());
        }
    }

    /**
     * What {@code user register --json} prints.
     *
     * @param created whether this very call registered him
     */
    record Registered(UserDocument user, boolean created) {}

    /**
     * What {@code user usage --json} and {@code user quota --json} print. Limits of 0 are none.
     *
     * @param ownQuota whether the limits are his own, or his pool's
     * @param frozen whether an operator has frozen him
     */
    record UsageDocument(
            String user, long blobs, long bytes, long blobsLimit, long bytesLimit, boolean ownQuota, boolean frozen) {
        static UsageDocument of(String user, Usage usage) {
            return new UsageDocument(
                    user,
                    usage.blobs(),
                    usage.bytes(),
                    usage.blobsLimit(),
                    usage.bytesLimit(),
                    usage.ownQuota(),
                    usage.frozen());
        }
    }
}
