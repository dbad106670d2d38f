// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.ReplicaStatus;
import io.tintype.client.ShardDetail;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype shard}: which nodes hold what, and which lead. */
@Command(
        name = "shard",
        description = "Lists shards, tells what their replicas say of themselves, and says who is to lead.",
        subcommands = {
            ShardCommand.Ls.class,
            ShardCommand.Show.class,
            ShardHistoryCommand.class,
            ShardTransferCommand.class,
            ShardForceCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {"  tintype shard ls", "  tintype shard show 3", "  tintype shard transfer 3 --to node-2"})
final class ShardCommand {
    private ShardCommand() {}

    /** {@code tintype shard ls}. */
    @Command(
            name = "ls",
            description = {
                "Lists shards in order of id, and how each stands: whole, which copies it lacks, what is being moved."
            },
            footer = {"  tintype shard ls", "  tintype shard ls --pool eu-west.standard --json"})
    static final class Ls implements Callable<Integer> {
        @Option(
                names = "--pool",
                paramLabel = "REGION.TIER",
                converter = Pools.Converter.class,
                description = "Only those of this pool.")
        private @Nullable PoolId pool;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var shards =
                        pool == null ? client.admin().shards() : client.admin().shards(pool);
                var states = ShardStates.read(client);
                output.table(
                        new Shards(shards.stream()
                                .map(shard -> ShardDocument.of(shard, states.of(shard)))
                                .toList()),
                        List.of("shard>", "kind", "pool", "epoch>", "primary", "in sync", "replicas", "state"),
                        shards.stream().map(shard -> row(shard, states)).toList());
            }
            return ExitCode.OK.number();
        }

        private static List<String> row(ShardInfo shard, ShardStates states) {
            return List.of(
                    Integer.toString(shard.id().value()),
                    kind(shard),
                    shard.pool().toString(),
                    Long.toString(shard.epoch()),
                    shard.primary().map(NodeId::value).orElse("(none)"),
                    join(shard.inSync()),
                    join(shard.replicas()),
                    states.of(shard));
        }
    }

    /** {@code tintype shard show}. */
    @Command(
            name = "show",
            description = "Tells what each replica of a shard says of itself.",
            footer = "  tintype shard show 3")
    static final class Show implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "SHARD", description = "The shard's id, as shard ls prints it.")
        private int shard;

        @Mixin
        private ClusterOptions cluster;

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            try (var client = cluster.connect()) {
                var detail = client.admin().shard(new ShardId(shard));
                var state = ShardStates.read(client).of(detail.shard());
                output.print(Detail.of(detail, state), text(detail, state));
            }
            return ExitCode.OK.number();
        }

        private static String text(ShardDetail detail, String state) {
            var shard = detail.shard();
            return "shard " + shard.id().value() + ": " + kind(shard) + ", pool " + shard.pool() + ", epoch "
                    + shard.epoch() + ", primary "
                    + shard.primary().map(NodeId::value).orElse("(none)") + ", in sync " + join(shard.inSync())
                    + System.lineSeparator() + state
                    + System.lineSeparator() + System.lineSeparator()
                    + Tables.render(
                            List.of(
                                    "replica",
                                    "state",
                                    "epoch>",
                                    "last>",
                                    "committed>",
                                    "applied>",
                                    "users>",
                                    "blobs>",
                                    "bytes>"),
                            detail.replicas().stream().map(Show::row).toList());
        }

        private static List<String> row(ReplicaStatus replica) {
            if (replica.error().isPresent()) {
                return List.of(replica.node(), replica.error().get(), "", "", "", "", "", "", "");
            }
            return List.of(
                    replica.node(),
                    replica.state(),
                    Long.toString(replica.epoch()),
                    Long.toString(replica.sequences().last()),
                    Long.toString(replica.sequences().committed()),
                    Long.toString(replica.sequences().applied()),
                    Long.toString(replica.users()),
                    Long.toString(replica.blobs()),
                    Long.toString(replica.bytes()));
        }
    }

    private static String kind(ShardInfo shard) {
        return shard.directory() ? "directory" : "data";
    }

    private static String join(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).collect(Collectors.joining(" "));
    }

    /** What {@code shard ls --json} prints. */
    record Shards(List<ShardDocument> shards) {}

    /**
     * A shard as {@code --json} prints it.
     *
     * @param kind "data" or "directory"
     * @param pool region.tier
     * @param epoch rises with every election
     * @param primary the node that leads it; null: nobody does
     * @param inSync nodes that hold every acknowledged write
     * @param replicas nodes that hold a replica
     * @param state how it stands, for people
     */
    record ShardDocument(
            int id,
            String kind,
            String pool,
            long epoch,
            @Nullable String primary,
            List<String> inSync,
            List<String> replicas,
            String state) {
        static ShardDocument of(ShardInfo shard, String state) {
            return new ShardDocument(
                    shard.id().value(),
                    ShardCommand.kind(shard),
                    shard.pool().toString(),
                    shard.epoch(),
                    shard.primary().map(NodeId::value).orElse(null),
                    shard.inSync().stream().map(NodeId::value).toList(),
                    shard.replicas().stream().map(NodeId::value).toList(),
                    state);
        }
    }

    /** What {@code shard show --json} prints. */
    record Detail(ShardDocument shard, List<ReplicaDocument> replicas) {
        static Detail of(ShardDetail detail, String state) {
            return new Detail(
                    ShardDocument.of(detail.shard(), state),
                    detail.replicas().stream().map(ReplicaDocument::of).toList());
        }
    }

    /**
     * What a replica says of itself.
     *
     * @param error why it could not be asked; null: it answered
     */
    record ReplicaDocument(
            String node,
            @Nullable String error,
            String state,
            long epoch,
            long lastSequence,
            long committedSequence,
            long appliedSequence,
            long users,
            long blobs,
            long bytes) {
        static ReplicaDocument of(ReplicaStatus replica) {
            return new ReplicaDocument(
                    replica.node(),
                    replica.errorOrNull(),
                    replica.state(),
                    replica.epoch(),
                    replica.sequences().last(),
                    replica.sequences().committed(),
                    replica.sequences().applied(),
                    replica.users(),
                    replica.blobs(),
                    replica.bytes());
        }
    }
}
