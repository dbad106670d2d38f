// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.BlobSource;
import io.tintype.client.PutResult;
import io.tintype.client.TintypeClient;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype put}: stores a file, standard input or a directory. */
@Command(
        name = "put",
        customSynopsis = {
            "tintype put [OPTIONS] USER NAME FILE",
            "       tintype put [OPTIONS] USER FILE",
            "       tintype put [OPTIONS] USER DIRECTORY"
        },
        description = {
            "Stores a file, or every file under a directory.",
            "",
            "Succeeds once the bytes are on the disks of all in-sync replicas. Without NAME a file is stored under its own"
                    + " name, the files of a directory under their paths within it. Symbolic links within a directory are"
                    + " skipped, and named, unless they are to be followed."
        },
        footer = {
            "  tintype put alice cat.jpg ./cat.jpg",
            "  tintype put alice ./holidays --prefix holidays/",
            "  convert in.png -resize 50%% jpg:- | tintype put alice small.jpg - --content-type image/jpeg",
            "  tintype put alice cat.jpg ./cat.jpg --if-absent --ttl 7d --meta camera=x100"
        })
final class PutCommand implements Callable<Integer> {
    private static final String STDIN = "-";

    @Parameters(index = "0", paramLabel = "USER", description = "Whose blob it is to be.")
    private String user;

    @Parameters(
            index = "1..2",
            arity = "1..2",
            hideParamSyntax = true,
            paramLabel = "[NAME] FILE",
            description = "The blob's name, and the file or directory to store; FILE may be - for standard input.")
    private List<String> nameAndFile;

    @Option(
            names = "--prefix",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Put this before a name that is taken from a file.")
    private String prefix;

    @Option(
            names = "--follow-links",
            description = "Within a directory, store what symbolic links lead to, wherever that is.")
    private boolean followLinks;

    @Mixin
    private PutSettings settings;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws IOException, InterruptedException {
        String file = nameAndFile.get(nameAndFile.size() - 1);
        @Nullable String name = nameAndFile.size() == 2 ? nameAndFile.get(0) : null;
        if (file.equals(STDIN)) {
            if (name == null) {
                throw new ParameterException(command.commandLine(), "Give a NAME for what standard input brings.");
            }
            return one(name, name, BlobSource.of(System.in), -1);
        }
        var path = Path.of(file);
        if (Files.isDirectory(path)) {
            if (name != null) {
                throw new ParameterException(
                        command.commandLine(),
                        file + " is a directory; leave NAME out, and use --prefix to put something before the names");
            }
            return directory(path);
        }
        if (!Files.exists(path)) {
            throw new NoSuchFileException(file);
        }
        if (!Files.isRegularFile(path)) {
            throw new CommandFailure(ExitCode.USAGE, file + " is neither a file nor a directory");
        }
        String fileName = String.valueOf(path.getFileName());
        return one(name == null ? prefix + fileName : name, fileName, BlobSource.of(path), Files.size(path));
    }

    private int one(String name, String fileName, BlobSource source, long size) {
        try (var client = cluster.connect();
                var progress = Progress.ofBytes(Text.printable(name), size)) {
            PutResult stored = client.put(user, name, source.observed(progress::at), settings.options(fileName));
            output.print(
                    Stored.of(stored),
                    "stored " + Text.printable(name) + ": "
                            + Humane.bytes(stored.info().size()) + ", version "
                            + stored.info().version() + ", on " + String.join(" ", stored.replicas()));
        }
        return ExitCode.OK.number();
    }

    private int directory(Path directory) throws IOException, InterruptedException {
        try (TintypeClient client = cluster.connect()) {
            var tree = new TreeUpload(
                            user,
                            prefix,
                            followLinks,
                            (name, file) -> client.put(
                                            user,
                                            name,
                                            BlobSource.of(file),
                                            settings.options(String.valueOf(file.getFileName())))
                                    .info()
                                    .size())
                    .store(directory);
            output.print(tree, tree.text());
            tree.skipped()
                    .forEach(path -> output.err().println("skipped, no file or directory: " + Text.printable(path)));
            tree.failed().forEach(failure -> output.err().println("failed: " + failure.text()));
            return tree.exitCode().number();
        }
    }

    /**
     * What {@code --json} prints of one file.
     *
     * @param blob the new version
     * @param replicas ids of the nodes that hold it on disk
     * @param session token for {@code --consistency session:TOKEN} of reads that must see it
     */
    record Stored(BlobDocument blob, List<String> replicas, String session) {
        static Stored of(PutResult stored) {
            return new Stored(
                    BlobDocument.of(stored.info()),
                    stored.replicas(),
                    stored.session().toString());
        }
    }
}
