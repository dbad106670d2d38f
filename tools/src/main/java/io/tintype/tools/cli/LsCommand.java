// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.ListPage;
import io.tintype.client.TintypeClient;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype ls}: lists a user's blobs. */
@Command(
        name = "ls",
        description = {
            "Lists a user's blobs in order of their names' bytes.",
            "",
            "Prints one page; --all prints page after page, each consistent in itself. With --json --all every page is a"
                    + " document of its own, on a line of its own."
        },
        footer = {
            "  tintype ls alice",
            "  tintype ls alice holidays/ --delimiter /",
            "  tintype ls alice --all --json | jq -r '.entries[].blob.name'"
        })
final class LsCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "Whose blobs.")
    private String user;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "PREFIX",
            defaultValue = "",
            description = "Only names that begin with this.")
    private String prefix;

    @Option(
            names = {"-d", "--delimiter"},
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Roll up names that have this behind the prefix, such as / for one level of folders.")
    private String delimiter;

    @Option(names = "--page-size", paramLabel = "N", defaultValue = "1000", description = "Lines a page, 1 to 1000.")
    private int pageSize;

    @Option(names = "--page-token", paramLabel = "TOKEN", description = "Go on where an earlier page ended.")
    private @Nullable String pageToken;

    @Option(
            names = {"-a", "--all"},
            description = "Every page, not just one.")
    private boolean all;

    @Mixin
    private ReadFreshness freshness;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        var options = ListOptions.DEFAULT
                .withPrefix(prefix)
                .withDelimiter(delimiter)
                .withPageSize(pageSize)
                .withConsistency(freshness.consistency());
        options = pageToken == null ? options : options.withPageToken(pageToken);
        try (TintypeClient client = cluster.connect()) {
            var page = client.list(user, options);
            show(page);
            for (var next = page.nextPageTokenOrNull(); all && next != null; next = page.nextPageTokenOrNull()) {
                page = client.list(user, options.withPageToken(next));
                show(page);
            }
            if (!all && !output.isJson()) {
                page.nextPageToken()
                        .ifPresent(token -> output.err().println("more: add --all, or --page-token " + token));
            }
        }
        return ExitCode.OK.number();
    }

    private void show(ListPage page) {
        ReadFreshness.remark(page.freshness(), output.err());
        if (output.isJson()) {
            var document = new Page(
                    user,
                    prefix,
                    delimiter,
                    page.entries().stream().map(LsCommand::entry).toList(),
                    page.nextPageTokenOrNull());
            if (all) {
                output.printOneOfMany(document, "");
            } else {
                output.print(document, "");
            }
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        for (var entry : page.entries()) {
            rows.add(
                    entry instanceof ListEntry.BlobEntry blob
                            ? BlobDocument.row(blob.info())
                            : List.of("", "", "", Text.printable(entry.name())));
        }
        if (!rows.isEmpty()) {
            output.table(page, BlobDocument.COLUMNS, rows);
        }
    }

    private static Map<String, Object> entry(ListEntry entry) {
        return entry instanceof ListEntry.BlobEntry blob
                ? Map.of("blob", BlobDocument.of(blob.info()))
                : Map.of("commonPrefix", entry.name());
    }

    /**
     * What {@code --json} prints.
     *
     * @param entries each with either "blob" or "commonPrefix"
     * @param nextPageToken for {@code --page-token}; null: this was the last page
     */
    record Page(
            String user,
            String prefix,
            String delimiter,
            List<Map<String, Object>> entries,
            @Nullable String nextPageToken) {}
}
