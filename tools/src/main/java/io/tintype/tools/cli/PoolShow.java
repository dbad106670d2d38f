// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolDetail;
import io.tintype.model.PoolId;
import io.tintype.tools.cli.PoolCommand.PoolDocument;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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
                    DetailDocument.of(detail),
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
                shard.copies().stream().map(PoolShow::copy).collect(Collectors.joining("; ")),
                shard.error());
    }

    private static String copy(PoolDetail.Copy copy) {
        return copy.node() + " in " + copy.region() + ": "
                + (copy.error().isEmpty() ? copy.lagRecords() + " records behind" : copy.error())
                + copy.asOf().map(at -> ", has all as of " + at).orElse("");
    }

    /** What {@code pool show --json} prints. */
    record DetailDocument(PoolDocument pool, List<ShardDocument> shards) {
        static DetailDocument of(PoolDetail detail) {
            return new DetailDocument(
                    PoolDocument.of(detail.pool()),
                    detail.shards().stream().map(ShardDocument::of).toList());
        }
    }

    /** A shard, as in {@link PoolDetail.ShardFill}. */
    record ShardDocument(
            int shard, String error, long users, int usersLimit, long blobs, long bytes, List<CopyDocument> copies) {
        static ShardDocument of(PoolDetail.ShardFill fill) {
            return new ShardDocument(
                    fill.shard(),
                    fill.error(),
                    fill.users(),
                    fill.usersLimit(),
                    fill.blobs(),
                    fill.bytes(),
                    fill.copies().stream().map(CopyDocument::of).toList());
        }
    }

    /**
     * A copy in another region.
     *
     * @param asOf every write acknowledged before is in it; ISO 8601, UTC; null: not known
     */
    record CopyDocument(
            String node,
            String region,
            String error,
            long lagRecords,
            @Nullable String asOf) {
        static CopyDocument of(PoolDetail.Copy copy) {
            return new CopyDocument(
                    copy.node(),
                    copy.region(),
                    copy.error(),
                    copy.lagRecords(),
                    copy.asOf().map(Instant::toString).orElse(null));
        }
    }
}
