// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolDetail;
import io.tintype.model.PoolId;
import io.tintype.tools.cli.PoolCommand.PoolDocument;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype pool show}. */
@Command(
        name = "show",
        description = "Tells how full each shard of a pool is, and how far its copies in other regions lag.",
        footer = {"  tintype pool show eu-west.standard", "  tintype pool show eu-west.standard --json"})
final class PoolShow implements Callable<Integer> {
    private static final List<String> COLUMNS =
            List.of("shard>", "users>", "users at most>", "blobs>", "bytes>", "copies in other regions", "error");

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
            var detail = client.admin().pool(pool);
            output.table(
                    new DetailDocument(PoolDocument.of(detail.pool()), detail.shards()),
                    COLUMNS,
                    detail.shards().stream().map(PoolShow::row).toList());
        }
        return ExitCode.OK.number();
    }

    private static List<String> row(PoolDetail.ShardFill shard) {
        return List.of(
                Integer.toString(shard.shard()),
                Long.toString(shard.users()),
                Integer.toString(shard.usersLimit()),
                Long.toString(shard.blobs()),
                Humane.bytes(shard.bytes()),
                shard.copies().stream()
                        .map(copy -> copy.node() + " in " + copy.region() + ": "
                                + (copy.error().isEmpty() ? copy.lagRecords() + " records behind" : copy.error()))
                        .collect(Collectors.joining("; ")),
                shard.error());
    }

    /** What {@code pool show --json} prints. */
    record DetailDocument(PoolDocument pool, List<PoolDetail.ShardFill> shards) {}
}
