// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.UserBlobs;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype user export}: all that a user has, as files. */
@Command(
        name = "export",
        description = {
            "Writes all that a user has at one moment to a folder: a file for each blob, SHA256SUMS, which `sha256sum -c"
                    + " SHA256SUMS` verifies there, and manifest.json with names, versions, types and metadata.",
            "",
            "Goes on where an earlier run was cut off; in a folder with an older export of the user it reads only what"
                    + " changed, and removes files of blobs that are no more. What is replaced or deleted before it was"
                    + " read makes it list and read again; where that never ends, it says so and exits with 4: freeze"
                    + " the user, and repeat it."
        },
        footer = {"  tintype user export alice ./alice", "  cd alice && sha256sum --quiet -c SHA256SUMS"})
final class ExportCommand implements Callable<Integer> {
    /** So many, with little metadata, fit into the 256 MiB of heap that the launcher gives. */
    static final int MOST_BLOBS = 300_000;

    private static final int MOST_AT_ONCE = 64;

    @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
    private String user;

    @Parameters(index = "1", paramLabel = "DIR", description = "A folder that is empty, new, or has his export.")
    private Path directory;

    @Option(
            names = "--at-once",
            paramLabel = "K",
            defaultValue = "8",
            description = "Blobs being read at a time, 1 to 64 (default: ${DEFAULT-VALUE}).")
    private int atOnce;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "10",
            description = "How often at most to list what he has (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--most-blobs",
            paramLabel = "N",
            defaultValue = "" + MOST_BLOBS,
            description = "Refuse a user with more blobs, whose list does not fit into memory: about 700 bytes each,"
                    + " and their metadata (default: ${DEFAULT-VALUE}). For more, also give"
                    + " TINTYPE_JAVA_OPTS=-Xmx1g.")
    private int mostBlobs;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (atOnce < 1 || atOnce > MOST_AT_ONCE || rounds < 1 || mostBlobs < 1) {
            throw new CommandFailure(ExitCode.USAGE, "--at-once takes 1 to 64; --rounds and --most-blobs at least 1.");
        }
        try (var client = cluster.connect()) {
            client.users().lookup(user); // before a folder is made for nobody
            try (var folder = ExportFolder.open(directory, user)) {
                var run = new ExportRun(client, user, folder, atOnce);
                for (int round = 1; round <= rounds; round++) {
                    var exported = run.round(mostBlobs);
                    if (exported.isPresent()) {
                        tell(exported.get(), run, round);
                        return ExitCode.OK.number();
                    }
                }
            }
        }
        throw new CommandFailure(
                ExitCode.CONFLICT,
                "User '" + Text.printable(user) + "' replaced or deleted blobs faster than they were read, " + rounds
                        + " times. What was read is kept: repeat the command, or freeze him first (tintype user freeze).");
    }

    private void tell(UserBlobs exported, ExportRun run, int rounds) {
        output.print(
                new Exported(
                        exported.user().id(),
                        directory.toString(),
                        exported.blobs().size(),
                        exported.bytes(),
                        run.readBlobs(),
                        run.readBytes(),
                        rounds,
                        exported.sequence()),
                "exported " + exported.blobs().size() + " blobs, " + Humane.bytes(exported.bytes()) + ", to "
                        + directory + " (" + run.readBlobs() + " read now). Verify: sha256sum --quiet -c SHA256SUMS");
    }

    /**
     * What {@code --json} prints.
     *
     * @param readBlobs blobs that this run read; the others were there
     * @param rounds how often it listed what he has
     * @param sequence the moment of the export: a place in the log of his shard
     */
    record Exported(
            String user,
            String directory,
            long blobs,
            long bytes,
            long readBlobs,
            long readBytes,
            int rounds,
            long sequence) {}
}
