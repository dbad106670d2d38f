// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.cluster.config.ConfigException;
import io.tintype.cluster.config.ConfigSources;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Mixed into the commands that run one server: where its settings come from. */
final class ConfigOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in YAML; an unknown one is refused by name.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "Any other setting, as listed by 'tintype config explain'; may be given several times.")
    private Map<String, String> set = new LinkedHashMap<>();

    /**
     * The settings: defaults, file, environment, {@code --set}, and last what options of their own say.
     *
     * @param named values by path; those that are null were not given
     */
    <T extends Record> T load(T defaults, Map<String, @Nullable Object> named) {
        var options = new LinkedHashMap<>(set);
        named.forEach((path, value) -> {
            if (value != null) {
                options.put(path, value.toString());
            }
        });
        try {
            return ConfigSources.load(defaults, file, System.getenv(), options);
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }
}
