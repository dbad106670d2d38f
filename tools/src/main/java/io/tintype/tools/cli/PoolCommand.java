// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolInfo;
import io.tintype.model.PoolId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype pool}: the pools of shards and their rules. */
@Command(
        name = "pool",
        description = "Lists and creates pools: the shards of one region and tier.",
        subcommands = {PoolCommand.Ls.class, PoolCommand.Create.class},
        synopsisSubcommandLabel = "COMMAND",
        footer = {"  tintype pool ls", "  tintype pool create eu-west.archive --replicas 3 --min-insync 2"})
final class PoolCommand {
    private PoolCommand() {}

    private static final List<String> COLUMNS =
            List.of("pool", "replicas>", "min in sync>", "users a shard>", "first shards>");

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
                "  tintype pool create eu-west.lab --replicas 1 --min-insync 1"
            })
    static final class Create implements Callable<Integer> {
        @Parameters(
                index = "0",
                paramLabel = "REGION.TIER",
                converter = Pools.Converter.class,
                description = "The pool's name: region and tier, each of a-z, 0-9 and '-'.")
        private PoolId pool;

        @Option(
                names = "--replicas",
                paramLabel = "N",
                defaultValue = "3",
                description = "Replicas of each shard (default: ${DEFAULT-VALUE}).")
        private int replicas;

        @Option(
                names = "--min-insync",
                paramLabel = "N",
                defaultValue = "2",
                description = "In-sync replicas that a write needs (default: ${DEFAULT-VALUE}).")
        private int minInsync;

        @Option(
                names = "--users-per-shard",
                paramLabel = "N",
                defaultValue = "10000",
                description = "Users a shard takes at most (default: ${DEFAULT-VALUE}).")
        private int usersPerShard;

        @Option(
                names = "--shards",
                paramLabel = "N",
                defaultValue = "4",
                description = "Shards the pool begins with (default: ${DEFAULT-VALUE}).")
        private int shards;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var created = client.admin().createPool(new PoolInfo(pool, replicas, minInsync, usersPerShard, shards));
                output.table(PoolDocument.of(created), COLUMNS, List.of(row(created)));
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
                Integer.toString(pool.initialShards()));
    }

    /** What {@code pool ls --json} prints. */
    record PoolList(List<PoolDocument> pools) {}

    /** A pool as {@code --json} prints it. */
    record PoolDocument(String id, int replicationFactor, int minInsync, int usersPerShard, int initialShards) {
        static PoolDocument of(PoolInfo pool) {
            return new PoolDocument(
                    pool.id().toString(),
                    pool.replicationFactor(),
                    pool.minInsync(),
                    pool.usersPerShard(),
                    pool.initialShards());
        }
    }
}
