// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MoveInfo;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tintype user moves}. */
@Command(name = "moves", description = "Lists the users who are being moved.", footer = "  tintype user moves")
final class MovesCommand implements Callable<Integer> {
    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    /** What {@code user moves --json} prints. */
    record Moves(List<MoveDocument> moves) {}

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var moves = client.users().moves().list();
            output.table(
                    new Moves(moves.stream().map(MoveDocument::of).toList()),
                    List.of("user", "from shard>", "to shard>", "to pool", "since"),
                    moves.stream().map(MovesCommand::row).toList());
        }
        return ExitCode.OK.number();
    }

    private static List<String> row(MoveInfo move) {
        return List.of(
                Text.printable(move.user().id()),
                move.user().shard().toString(),
                move.toShard().map(Object::toString).orElse(""),
                move.toPool().map(Object::toString).orElse(""),
                move.since().toString());
    }
}
