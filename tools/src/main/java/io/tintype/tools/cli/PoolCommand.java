// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolInfo;
import io.tintype.model.PoolId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype pool}: the pools of shards and their rules. */
@Command(
        name = "pool",
        description = "Shows, creates, changes, switches and removes pools: the shards of one region and tier.",
        subcommands = {
            PoolCommand.Ls.class,
            PoolShow.class,
            PoolCommand.Create.class,
            PoolChangeCommand.class,
            PoolSwitchCommand.class,
            PoolCommand.Rm.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  tintype pool ls",
            "  tintype pool create eu-west.archive --replicas 3 --min-insync 2",
            "  tintype pool change eu-west.archive --user-bytes 2g"
        })
final class PoolCommand {
    private PoolCommand() {}

    private static final List<String> COLUMNS = List.of(
            "pool",
            "replicas>",
            "min in sync>",
            "users a shard>",
            "bytes a shard>",
            "bytes a user>",
            "blobs a user>",
            "zones",
            "nodes",
            "copies in");

    /** {@code tintype pool ls}. */
    @Command(name = "ls", description = "Lists pools.", footer = "  tintype pool ls")
    static final class Ls implements Callable<Integer> {
        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var pools = client.admin().pools();
                output.table(
                        new PoolList(pools.stream().map(PoolDocument::of).toList()),
                        COLUMNS,
                        pools.stream().map(PoolCommand::row).toList());
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype pool create}. */
    @Command(
            name = "create",
            description = "Creates a pool; its first shards follow within seconds.",
            footer = {
                "  tintype pool create eu-west.archive",
                "  tintype pool create eu-west.lab --replicas 1 --min-insync 1",
                "  tintype pool create eu-west.paid --labels ssd",
                "  tintype pool create eu-west.free --user-bytes 1g --user-blobs 10000"
            })
    static final class Create implements Callable<Integer> {
        private static final int REPLICAS = 3;
        private static final int MIN_INSYNC = 2;
        private static final int USERS_PER_SHARD = 10_000;

        @Parameters(
                index = "0",
                paramLabel = "REGION.TIER",
                converter = Pools.Converter.class,
                description = "The pool's name: region and tier, each of a-z, 0-9 and '-'.")
        private PoolId pool;

        @Option(
                names = "--shards",
                paramLabel = "N",
                defaultValue = "4",
                description = "Shards the pool begins with (default: ${DEFAULT-VALUE}).")
        private int shards;

        @Mixin
        private PoolRuleOptions rules;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var defaults = new PoolInfo(pool, REPLICAS, MIN_INSYNC, USERS_PER_SHARD, shards);
                var created = client.admin().createPool(rules.over(defaults));
                output.table(PoolDocument.of(created), COLUMNS, List.of(row(created)));
            }
            return ExitCode.OK.number();
        }
    }

    /** {@code tintype pool rm}. */
    @Command(
            name = "rm",
            description = "Removes a pool that has no shards yet, such as one whose region has no storage nodes.",
            footer = "  tintype pool rm eu-west.misspelt")
    static final class Rm implements Callable<Integer> {
        @Parameters(
                index = "0",
                paramLabel = "REGION.TIER",
                converter = Pools.Converter.class,
                description = "The pool's name.")
        private PoolId pool;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                client.admin().deletePool(pool);
                output.print(new Removed(pool.toString()), "removed pool " + pool);
            }
            return ExitCode.OK.number();
        }
    }

    private static List<String> row(PoolInfo pool) {
        return List.of(
                pool.id().toString(),
                Integer.toString(pool.replicationFactor()),
                Integer.toString(pool.minInsync()),
                Integer.toString(pool.usersPerShard()),
                Text.limit(pool.bytesPerShard()),
                Text.limit(pool.userBytes()),
                pool.userBlobs() == 0 ? "-" : Long.toString(pool.userBlobs()),
                pool.zonesRequired() ? "required" : "preferred",
                pool.labels().isEmpty() ? "any" : String.join(",", pool.labels()),
                pool.unpinned() ? "anywhere " + String.join(",", pool.observers()) : "its region only");
    }

    /** What {@code pool ls --json} prints. */
    record PoolList(List<PoolDocument> pools) {}

    /** What {@code pool rm --json} prints. */
    record Removed(String removed) {}

    /**
     * A pool as {@code --json} prints it. Limits of 0 are none.
     *
     * @param unpinned whether copies may stand in other regions
     * @param servingRegion region whose nodes lead and vote; empty: the pool's own
     * @param labels what a node must have to hold a replica that counts
     * @param sealed whether chunks that come in are sealed under a key of their user's own
     */
    record PoolDocument(
            String id,
            int replicationFactor,
            int minInsync,
            int usersPerShard,
            int initialShards,
            long bytesPerShard,
            long userBytes,
            long userBlobs,
            boolean zonesRequired,
            boolean unpinned,
            List<String> observers,
            String servingRegion,
            String cacheControl,
            Set<String> labels,
            boolean sealed) {
        static PoolDocument of(PoolInfo pool) {
            return new PoolDocument(
                    pool.id().toString(),
                    pool.replicationFactor(),
                    pool.minInsync(),
                    pool.usersPerShard(),
                    pool.initialShards(),
                    pool.bytesPerShard(),
                    pool.userBytes(),
                    pool.userBlobs(),
                    pool.zonesRequired(),
                    pool.unpinned(),
                    pool.observers(),
                    pool.servingRegion(),
                    pool.cacheControl(),
                    pool.labels(),
                    pool.sealed());
        }
    }
}
