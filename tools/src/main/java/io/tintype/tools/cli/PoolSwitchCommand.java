// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolSwitch;
import io.tintype.client.TintypeClient;
import io.tintype.model.PoolId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype pool switch}: another region serves a pool. */
@Command(
        name = "switch",
        description = {
            "Lets a region that holds copies of a pool's shards serve the pool. MAY LOSE DATA where the region that serves it"
                    + " now cannot be reached.",
            "",
            "First tells what becomes of each shard. One that is led is handed over once the replicas there are in sync:"
                    + " nothing is lost. One whose primary cannot be asked is taken by force by its copy there: every write that"
                    + " was acknowledged before the moment told is in that copy, and what was acknowledged later may be lost for"
                    + " good. First stop what is left of the old region, or cut it off from its clients: it would take"
                    + " writes that are lost too. When it comes back it follows; what it had and the copies had not is given up.",
            "",
            "The pool's name is to be said twice: as argument and with --confirm, or when asked. More than was told is never"
                    + " lost: where the copies have less by then, nothing is changed. May be repeated until all shards are"
                    + " led there; with the pool's own region, it is the way back."
        },
        footer = {
            "  tintype pool switch eu-west.standard --to us-east --preview",
            "  tintype pool switch eu-west.standard --to us-east",
            "  tintype pool switch eu-west.standard --to us-east --confirm eu-west.standard --json     for scripts"
        })
final class PoolSwitchCommand implements Callable<Integer> {
    private static final List<String> COLUMNS =
            List.of("shard>", "holds", "how", "by", "every write is there as of", "error");

    @Parameters(
            index = "0",
            paramLabel = "REGION.TIER",
            converter = Pools.Converter.class,
            description = "The pool's name.")
    private PoolId pool;

    @Option(names = "--to", required = true, paramLabel = "REGION", description = "The region that is to serve it.")
    private String to;

    @Option(names = "--preview", description = "Only tell what would be done and lost.")
    private boolean preview;

    @Option(
            names = "--confirm",
            paramLabel = "REGION.TIER",
            converter = Pools.Converter.class,
            description = "The pool's name once more; without it, it is asked for.")
    private @Nullable PoolId confirm;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        if (confirm != null && !confirm.equals(pool)) {
            throw notTwice(confirm.toString());
        }
        try (var client = cluster.connect()) {
            var shown = client.admin().previewSwitch(pool, to);
            if (preview) {
                print(shown);
                return ExitCode.OK.number();
            }
            if (confirm == null) {
                output.err().println(table(shown));
                output.err().println(bound(shown));
                requireTyped();
            } else {
                output.err().println(bound(shown));
            }
            return made(client, shown);
        }
    }

    private int made(TintypeClient client, PoolSwitch shown) {
        var done = client.admin().switchPool(pool, to, shown, pool);
        print(done);
        return done.isWhole() ? ExitCode.OK.number() : ExitCode.UNAVAILABLE.number();
    }

    private void print(PoolSwitch found) {
        output.table(
                SwitchDocument.of(found),
                COLUMNS,
                found.shards().stream().map(PoolSwitchCommand::row).toList());
        output.err().println(found.changed() ? outcome(found) : bound(found));
    }

    private String outcome(PoolSwitch done) {
        return done.isWhole()
                ? "pool " + pool + " is served by region " + to
                        + "; shards that are handed over follow when the replicas" + " there are in sync"
                : "not all shards of pool " + pool + " could be taken; repeat the command to go on with them";
    }

    private void requireTyped() {
        output.err().print("Type the pool's name again to go on: ");
        output.err().flush();
        try {
            var line = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
            var typed = line == null ? "" : line.strip();
            if (!typed.equals(pool.toString())) {
                throw notTwice(typed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ParameterException notTwice(String second) {
        return new ParameterException(
                command.commandLine(),
                "the pool's name was to be said twice: " + pool + " is not '" + second + "'; nothing was changed");
    }

    /** What may be lost, in one sentence. */
    private static String bound(PoolSwitch shown) {
        var forced = shown.shards().stream()
                .filter(shard -> shard.way() == PoolSwitch.Way.FORCE)
                .toList();
        if (forced.isEmpty()) {
            return "Nothing is lost: " + (shown.isWhole() ? "all shards are" : "those that can be asked are")
                    + " led, and handed over or there already.";
        }
        var unknown = forced.stream().filter(shard -> shard.asOf().isEmpty()).count();
        var oldest = forced.stream().flatMap(shard -> shard.asOf().stream()).min(Instant::compareTo);
        return forced.size() + " of " + shown.shards().size() + " shards are taken by force. "
                + oldest.map(at -> "Every write acknowledged before " + at + ", " + ago(at)
                                + " ago, is kept; later ones MAY BE LOST FOR GOOD.")
                        .orElse("")
                + (unknown == 0
                        ? ""
                        : " Of " + unknown
                                + " it is not known up to when their copies have everything: they were started"
                                + " after they last heard their primary.");
    }

    private static String ago(Instant at) {
        return Humane.seconds(Math.max(0, Duration.between(at, Instant.now()).toSeconds()) + 1);
    }

    private static String table(PoolSwitch shown) {
        return shown.shards().stream()
                .map(shard -> String.join("  ", row(shard)).stripTrailing())
                .collect(Collectors.joining(System.lineSeparator(), "", ""));
    }

    private static List<String> row(PoolSwitch.Shard shard) {
        return List.of(
                Integer.toString(shard.shard()),
                shard.directory() ? "directory" : "users",
                how(shard),
                shard.node(),
                shard.asOf().map(Instant::toString).orElse(shard.way() == PoolSwitch.Way.FORCE ? "not known" : ""),
                shard.error());
    }

    private static String how(PoolSwitch.Shard shard) {
        return switch (shard.way()) {
            case THERE -> "is led there";
            case HAND_OVER -> "is handed over, " + shard.lagRecords() + " records behind";
            case FORCE -> "is taken by force at record " + shard.lastSequence();
            case NONE -> "cannot be led there";
        };
    }

    /**
     * What {@code --json} prints.
     *
     * @param changed whether it was done, or only told
     * @param servedBy the region that serves the pool after it
     */
    record SwitchDocument(String pool, boolean changed, String servedBy, List<ShardDocument> shards) {
        static SwitchDocument of(PoolSwitch found) {
            var after = found.after();
            return new SwitchDocument(
                    after.id().toString(),
                    found.changed(),
                    after.servingRegion().isEmpty() ? after.id().region() : after.servingRegion(),
                    found.shards().stream().map(ShardDocument::of).toList());
        }
    }

    /**
     * One shard.
     *
     * @param way "there", "hand_over", "force" or "none"
     * @param asOf every write acknowledged before is in that node's copy; ISO 8601, UTC; null: not known
     */
    record ShardDocument(
            int shard,
            boolean directory,
            String way,
            String node,
            @Nullable String asOf,
            long lastSequence,
            long lagRecords,
            String error) {
        static ShardDocument of(PoolSwitch.Shard shard) {
            return new ShardDocument(
                    shard.shard(),
                    shard.directory(),
                    shard.way().name().toLowerCase(Locale.ROOT),
                    shard.node(),
                    shard.asOf().map(Instant::toString).orElse(null),
                    shard.lastSequence(),
                    shard.lagRecords(),
                    shard.error());
        }
    }
}
