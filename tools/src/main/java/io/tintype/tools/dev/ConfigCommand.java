// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.cluster.config.Setting;
import io.tintype.cluster.config.SettingCatalog;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.storage.node.StorageNodeConfig;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/** {@code tintype config}: what can be set. */
@Command(
        name = "config",
        description = "Tells what can be set, and how.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = ConfigCommand.Explain.class,
        footer = {"  tintype config explain storage-node", "  tintype config explain coordinator --only http"})
final class ConfigCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: explain.");
    }

    /** The processes that have settings. */
    enum ServerKind {
        /** {@code tintype storage-node}. */
        STORAGE_NODE,
        /** {@code tintype coordinator}. */
        COORDINATOR;

        Record defaults() {
            return switch (this) {
                case STORAGE_NODE -> StorageNodeConfig.defaults();
                case COORDINATOR -> CoordinatorConfig.DEFAULTS;
            };
        }

        SettingCatalog catalog() {
            return SettingCatalog.of(defaults());
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** {@code tintype config explain}. */
    @Command(
            name = "explain",
            description = {
                "Lists every setting of a process: its name in YAML, default, unit and meaning.",
                "",
                "A name with dots is written in levels ('http.port' is 'port:' below 'http:'), or given as --set http.port=80, or"
                        + " as TINTYPE_CONFIG_HTTP_PORT=80 in the environment. Defaults that follow the machine are those of"
                        + " this one."
            },
            footer = {
                "  tintype config explain storage-node",
                "  tintype config explain coordinator --only http",
                "  tintype config explain coordinator --json"
            })
    static final class Explain implements Callable<Integer> {
        private static final String INDENT = "    ";

        @Parameters(arity = "0..1", paramLabel = "PROCESS", description = "${COMPLETION-CANDIDATES}; all if not given.")
        private @Nullable ServerKind kind;

        @Option(names = "--only", paramLabel = "PREFIX", description = "Only settings that begin so.")
        private String prefix = "";

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            var kinds = kind == null ? List.of(ServerKind.values()) : List.of(kind);
            Map<String, List<Setting>> found = new LinkedHashMap<>();
            kinds.forEach(each -> found.put(each.toString(), settings(each)));
            output.print(documents(found), text(found));
            return ExitCode.OK.number();
        }

        private List<Setting> settings(ServerKind of) {
            return of.catalog().all().stream()
                    .filter(setting -> setting.path().startsWith(prefix))
                    .toList();
        }

        private static String text(Map<String, List<Setting>> found) {
            return found.entrySet().stream()
                    .map(process -> "# tintype " + process.getKey() + "\n"
                            + process.getValue().stream().map(Explain::text).collect(Collectors.joining()))
                    .collect(Collectors.joining("\n"));
        }

        private static String text(Setting setting) {
            var value = setting.defaultValue().isEmpty() ? "\"\"" : setting.defaultValue();
            return "\n" + setting.path() + ": " + value + "\n" + INDENT + setting.meaning() + "\n" + INDENT
                    + setting.kind().words() + "; " + setting.environment() + "\n";
        }

        private static Map<String, List<Map<String, String>>> documents(Map<String, List<Setting>> found) {
            Map<String, List<Map<String, String>>> documents = new LinkedHashMap<>();
            found.forEach((process, settings) -> documents.put(
                    process, settings.stream().map(Explain::document).toList()));
            return documents;
        }

        private static Map<String, String> document(Setting setting) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("name", setting.path());
            fields.put("default", setting.defaultValue());
            fields.put("kind", setting.kind().name().toLowerCase(Locale.ROOT));
            fields.put("environment", setting.environment());
            fields.put("meaning", setting.meaning());
            return fields;
        }
    }
}
