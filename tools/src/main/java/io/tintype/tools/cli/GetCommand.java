// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.BlobInputStream;
import io.tintype.client.ByteRange;
import io.tintype.client.GetOptions;
import io.tintype.model.Version;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype get}: reads a blob into a file or to standard output. */
@Command(
        name = "get",
        description = {
            "Reads a blob, verifying its checksums.",
            "",
            "A file appears, or is replaced, only once all bytes are there."
        },
        footer = {
            "  tintype get alice cat.jpg -o out.jpg",
            "  tintype get alice cat.jpg -o - | identify -",
            "  tintype get alice cat.jpg -o head.bin --range 0-1023",
            "  tintype get alice cat.jpg -o out.jpg --consistency bounded:5s",
            "  tintype get alice cat.jpg -o out.jpg --consistency exact --if-version 1f-8a3c2b11"
        })
final class GetCommand implements Callable<Integer> {
    private static final String STDOUT = "-";
    private static final int BUFFER_BYTES = 256 << 10;

    @Parameters(index = "0", paramLabel = "USER", description = "Whose blob it is.")
    private String user;

    @Parameters(index = "1", paramLabel = "NAME", description = "The blob's name.")
    private String name;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "Where the bytes go; - for standard output.")
    private String to;

    @Option(
            names = "--range",
            paramLabel = "FIRST-LAST",
            converter = RangeConverter.class,
            description = "Only these bytes, counted from 0, both ends included: 0-99, or 100- for the rest.")
    private @Nullable ByteRange range;

    @Option(
            names = "--if-version",
            paramLabel = "VERSION",
            converter = Versions.class,
            description = "Only if this is the current version.")
    private @Nullable Version version;

    @Mixin
    private ReadFreshness freshness;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws IOException {
        var options = GetOptions.DEFAULT.withConsistency(freshness.consistency());
        options = range == null ? options : options.withRange(range);
        options = version == null ? options : options.withIfVersion(version);
        boolean toStdout = to.equals(STDOUT);
        if (toStdout && output.isJson()) {
            throw new ParameterException(
                    command.commandLine(), "--json and -o - both want standard output; give a file");
        }
        try (var client = cluster.connect();
                BlobInputStream blob = client.open(user, name, options)) {
            ReadFreshness.remark(blob.freshness(), output.err());
            long bytes = toStdout ? copy(blob, OutputOptions.bytes()) : save(blob, Path.of(to));
            if (!toStdout) {
                output.print(
                        new Saved(BlobDocument.of(blob.info()), to, bytes),
                        "wrote " + to + ": " + Humane.bytes(bytes) + ", version "
                                + blob.info().version());
            }
        }
        return ExitCode.OK.number();
    }

    /** Pipes and devices are written to as they are, links through. */
    private long save(BlobInputStream blob, Path named) throws IOException {
        if (Files.exists(named) && !Files.isRegularFile(named)) {
            try (var out = Files.newOutputStream(named, StandardOpenOption.WRITE)) {
                return copy(blob, out);
            }
        }
        var file = Files.exists(named) ? named.toRealPath() : named;
        // Not a temporary file, which nobody else may read.
        var part = file.toAbsolutePath().resolveSibling(".tintype-" + UUID.randomUUID() + ".part");
        try {
            long bytes;
            try (var out = Files.newOutputStream(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                bytes = copy(blob, out);
            }
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            return bytes;
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private long copy(BlobInputStream blob, OutputStream out) throws IOException {
        long expected = blob.info().size();
        try (var progress = Progress.ofBytes(Text.printable(name), range == null ? expected : -1)) {
            var buffer = new byte[BUFFER_BYTES];
            long done = 0;
            for (int read = blob.read(buffer); read >= 0; read = blob.read(buffer)) {
                out.write(buffer, 0, read);
                done += read;
                progress.at(done);
            }
            out.flush();
            return done;
        }
    }

    /**
     * What {@code --json} prints.
     *
     * @param blob the version read
     * @param file where its bytes are
     * @param bytes how many were written
     */
    record Saved(BlobDocument blob, String file, long bytes) {}
}
