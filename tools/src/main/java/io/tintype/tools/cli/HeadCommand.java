// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.HeadOptions;
import io.tintype.model.Version;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype head}: tells what a blob is, without its bytes. */
@Command(
        name = "head",
        description = "Tells what a blob is, without its bytes.",
        footer = {
            "  tintype head alice cat.jpg",
            "  tintype head alice cat.jpg --json",
            "  tintype head alice cat.jpg --consistency bounded:5s"
        })
final class HeadCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "Whose blob it is.")
    private String user;

    @Parameters(index = "1", paramLabel = "NAME", description = "The blob's name.")
    private String name;

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

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var options = HeadOptions.DEFAULT.withConsistency(freshness.consistency());
            var info = client.head(user, name, version == null ? options : options.withIfVersion(version));
            var blob = BlobDocument.of(info);
            var text = new StringBuilder()
                    .append("name          ")
                    .append(Text.printable(blob.name()))
                    .append("\nversion       ")
                    .append(blob.version())
                    .append("\nsize          ")
                    .append(blob.size())
                    .append(" (")
                    .append(Humane.bytes(blob.size()))
                    .append(')')
                    .append("\ncrc32c        ")
                    .append(blob.crc32c())
                    .append("\ncontent type  ")
                    .append(blob.contentType())
                    .append("\ncache control ")
                    .append(blob.cacheControl().isEmpty() ? "that of the pool" : blob.cacheControl())
                    .append("\nwritten       ")
                    .append(blob.writtenAt())
                    .append("\nexpires       ")
                    .append(blob.expiresAt() == null ? "never" : blob.expiresAt());
            blob.metadata()
                    .forEach((key, value) -> text.append("\nmeta          ")
                            .append(Text.printable(key))
                            .append('=')
                            .append(Text.printable(value)));
            output.print(blob, text.toString());
        }
        return ExitCode.OK.number();
    }
}
