// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.TintypeClient;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype user move}: to another shard, while he goes on reading and writing. */
@Command(
        name = "move",
        description = {
            "Moves a user to another shard, bytes included, while he goes on reading and writing.",
            "",
            "Stays until the move has ended and tells how far it is; Ctrl-C ends only the looking on. Repeating the"
                    + " command looks on again. With --from-shard or --all-of-tier it plans the moves of many users, and"
                    + " makes them with --yes, or with the --hash of the plan it printed; repeating it takes up what is"
                    + " left."
        },
        footer = {
            "  tintype user move alice --tier paid",
            "  tintype user move alice --region eu --no-wait",
            "  tintype user move alice --shard 7",
            "  tintype user move alice --abort",
            "  tintype user move --from-shard 7 --yes",
            "  tintype user move --all-of-tier eu.free --to eu.paid --at-once 2"
        })
final class MoveCommand implements Callable<Integer> {
    @Parameters(index = "0", arity = "0..1", paramLabel = "USER", description = "The user's id.")
    private @Nullable String user;

    @Option(names = "--tier", paramLabel = "TIER", description = "To this tier of his region.")
    private String tier = "";

    @Option(names = "--region", paramLabel = "REGION", description = "To this region.")
    private String region = "";

    @Option(names = "--shard", paramLabel = "N", description = "To this shard, of whatever pool.")
    private int shard;

    @Option(names = "--abort", description = "Give the user's move up; he stays where he is.")
    private boolean abort;

    @Option(names = "--no-wait", description = "Begin the move and do not look on.")
    private boolean noWait;

    @Option(names = "--from-shard", paramLabel = "N", description = "Move all users of this shard.")
    private int fromShard;

    @Option(
            names = "--all-of-tier",
            paramLabel = "REGION.TIER",
            converter = Pools.Converter.class,
            description = "Move all users of this pool.")
    private @Nullable PoolId allOfTier;

    @Option(
            names = "--to",
            paramLabel = "REGION.TIER",
            converter = Pools.Converter.class,
            description = "With these two: to this pool (default for --from-shard: other shards of its own pool).")
    private @Nullable PoolId to;

    @Option(names = "--yes", description = "Make the planned moves.")
    private boolean yes;

    @Option(names = "--hash", paramLabel = "HASH", description = "Make them if this is still the plan.")
    private String hash = "";

    @Option(
            names = "--at-once",
            paramLabel = "K",
            defaultValue = "4",
            description = "Users being moved at a time, 1 to 64 (default: ${DEFAULT-VALUE}).")
    private int atOnce;

    @Option(
            names = "--most",
            paramLabel = "N",
            defaultValue = "" + ManyMoves.MOST_USERS,
            description =
                    "Plan for so many users at most, up to a million; repeating the command takes up those who are left"
                            + " (default: ${DEFAULT-VALUE}).")
    private int most;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws InterruptedException {
        boolean many = fromShard != 0 || allOfTier != null;
        check(many);
        try (var client = cluster.connect()) {
            if (many) {
                return new ManyMoves(client.users().moves(), output, atOnce).run(plan(client), yes, hash);
            }
            return one(client, String.valueOf(user));
        }
    }

    private void check(boolean many) {
        require(many == (user == null), "Name either a user, or --from-shard or --all-of-tier.");
        require(fromShard == 0 || allOfTier == null, "Give only one of --from-shard and --all-of-tier.");
        boolean destination = !tier.isEmpty() || !region.isEmpty() || shard != 0;
        require(
                many || abort != destination,
                "Say where the user is to live: --tier, --region or --shard; or --abort.");
        require(!many || (tier.isEmpty() && region.isEmpty() && !abort), "With many users, use --to or --shard.");
        require(allOfTier == null || to != null || shard != 0, "Say where they are to live: --to or --shard.");
        require(most >= 1 && most <= 1_000_000, "--most is " + most + "; give 1 to 1000000.");
        require(atOnce >= 1 && atOnce <= ManyMoves.MOST_AT_ONCE, "--at-once is " + atOnce + "; give 1 to 64.");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new CommandFailure(ExitCode.USAGE, message);
        }
    }

    private int one(TintypeClient client, String id) throws InterruptedException {
        var moves = client.users().moves();
        if (abort) {
            return tell(id, moves.abort(id), ExitCode.OK);
        }
        var target = new MoveTarget(region, tier, shard);
        if (noWait) {
            return tell(id, moves.begin(id, target), ExitCode.OK);
        }
        var end = new MoveRun(moves, id, target, this::progress).toTheEnd();
        boolean there = end.result() == MoveInfo.Result.DONE || end.result() == MoveInfo.Result.NONE;
        return tell(id, end, there || isAt(target, end) ? ExitCode.OK : ExitCode.CONFLICT);
    }

    /** A user who was there before had nothing to do, however an earlier move ended. */
    static boolean isAt(MoveTarget target, MoveInfo now) {
        boolean shard =
                target.shard() == 0 || target.shard() == now.user().shard().value();
        boolean region = target.region().isEmpty()
                || target.region().equals(now.user().pool().region());
        boolean tier = target.tier().isEmpty()
                || target.tier().equals(now.user().pool().tier());
        return shard && region && tier;
    }

    private void progress(MoveInfo move) {
        if (!output.isJson()) {
            output.err().println(Text.printable(move.user().id()) + ": " + MoveRun.line(move));
            output.err().flush();
        }
    }

    private int tell(String id, MoveInfo move, ExitCode code) {
        output.print(
                MoveDocument.of(move),
                Text.printable(id) + ": " + (move.isUnderWay() ? MoveRun.line(move) : MoveRun.end(move)));
        return code.number();
    }

    private MovePlan plan(TintypeClient client) {
        var moves = client.users().moves();
        var shards =
                client.admin().shards().stream().filter(one -> !one.directory()).toList();
        var from = fromShard != 0
                ? List.of(new ShardId(fromShard))
                : shards.stream()
                        .filter(one -> one.pool().equals(allOfTier))
                        .map(ShardInfo::id)
                        .toList();
        if (shard != 0) {
            return MovePlan.toShard(moves, from, new ShardId(shard), most);
        }
        var ownPool = shards.stream()
                .filter(one -> one.id().value() == fromShard)
                .map(ShardInfo::pool)
                .findFirst();
        if (to != null && !ownPool.equals(Optional.of(to))) {
            return MovePlan.toPool(moves, from, to, most);
        }
        var others = shards.stream()
                .filter(one -> ownPool.isPresent() && one.pool().equals(ownPool.get()))
                .map(ShardInfo::id)
                .filter(id -> id.value() != fromShard)
                .toList();
        require(
                !others.isEmpty(),
                "Shard " + fromShard + " is no shard of a pool that has others; name another pool with --to.");
        return MovePlan.toShards(moves, new ShardId(fromShard), others, most);
    }
}
