// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.DeleteOptions;
import io.tintype.model.BlobName;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.ArrayList;
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

/** {@code tintype rm}: removes blobs. */
@Command(
        name = "rm",
        description = "Removes blobs. Removing what is not there succeeds, and says so.",
        footer = {
            "  tintype rm alice cat.jpg",
            "  tintype rm alice cat.jpg --if-version 1f-8a3c2b11",
            "  tintype rm alice cat.jpg --strict"
        })
final class RmCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "Whose blobs they are.")
    private String user;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "NAME", description = "The blobs' names.")
    private List<String> names;

    @Option(
            names = "--if-version",
            paramLabel = "VERSION",
            converter = Versions.class,
            description = "Only if this is the current version; with one NAME.")
    private @Nullable Version version;

    @Option(
            names = "--strict",
            description =
                    "End only once no cache of the cluster or its clients shows what was removed, some 5.4 s later.")
    private boolean strict;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        if (version != null && names.size() > 1) {
            throw new ParameterException(command.commandLine(), "--if-version goes with one NAME");
        }
        var options = version == null ? DeleteOptions.DEFAULT : DeleteOptions.DEFAULT.withIfVersion(version);
        options = strict ? options.untilGoneEverywhere() : options;
        var checked = names.stream().map(BlobName::of).toList(); // all of them, before the first is removed
        var removed = new ArrayList<Removed>();
        var text = new ArrayList<String>();
        try (var client = cluster.connect()) {
            for (var blob : checked) {
                var name = blob.value();
                var result = client.delete(user, name, options);
                removed.add(new Removed(
                        user, name, result.existed(), result.session().toString()));
                text.add((result.existed() ? "removed " : "was not there: ") + Text.printable(name));
            }
        } catch (TintypeException e) {
            if (!removed.isEmpty()) {
                tell(removed, text); // the others are as they were, or their end is what the failure says
            }
            throw e;
        }
        tell(removed, text);
        return ExitCode.OK.number();
    }

    private void tell(List<Removed> removed, List<String> text) {
        output.print(removed, String.join(System.lineSeparator(), text));
    }

    /**
     * What {@code --json} prints a list of.
     *
     * @param existed whether there was a blob to remove
     * @param session token for {@code --consistency session:TOKEN} of reads that must see it gone
     */
    record Removed(String user, String name, boolean existed, String session) {}
}
