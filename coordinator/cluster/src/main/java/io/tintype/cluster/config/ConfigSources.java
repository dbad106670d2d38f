// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A process's settings from all places where they may stand. From the weakest: the defaults, a YAML file, environment
 * variables ({@link Setting#environment}), options of the command line. What is laid together is checked once, as a whole.
 * Stateless and thread-safe.
 */
public final class ConfigSources {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ConfigSources() {}

    /**
     * The settings.
     *
     * @param file a YAML file; null: none
     * @param environment all variables; those that do not begin with {@link Setting#ENVIRONMENT_PREFIX} are not looked at
     * @param options values by path, as {@code disk.reserveBytes} to {@code 1GiB}
     * @throws ConfigException if a setting is unknown or its value cannot be used; nothing is taken then
     */
    public static <T extends Record> T load(
            T defaults, @Nullable Path file, Map<String, String> environment, Map<String, String> options) {
        var catalog = SettingCatalog.of(defaults);
        var tree = NODES.objectNode();
        var sources = new ArrayList<String>();
        if (file != null) {
            ConfigFiles.lay(ConfigFiles.read(file), tree);
            sources.add(file.toString());
        }
        var variables = ofEnvironment(catalog, environment);
        variables.forEach((setting, text) -> put(tree, setting, text, setting.environment()));
        if (!variables.isEmpty()) {
            sources.add(variables.keySet().stream().map(Setting::environment).collect(Collectors.joining(", ")));
        }
        options.forEach((path, text) -> {
            var setting =
                    catalog.find(path).orElseThrow(() -> unknown("There is no setting '" + path + "'", catalog, path));
            put(tree, setting, text, "setting '" + path + "'");
        });
        if (!options.isEmpty()) {
            sources.add("options " + String.join(", ", options.keySet()));
        }
        return ConfigFiles.bind(tree, sources.isEmpty() ? "settings" : String.join(" + ", sources), defaults);
    }

    private static Map<Setting, String> ofEnvironment(SettingCatalog catalog, Map<String, String> environment) {
        Map<String, Setting> known =
                catalog.all().stream().collect(Collectors.toMap(Setting::environment, setting -> setting));
        var found = new TreeMap<Setting, String>(Comparator.comparing(Setting::path));
        environment.forEach((name, text) -> {
            if (name.startsWith(Setting.ENVIRONMENT_PREFIX)) {
                var setting = known.get(name);
                if (setting == null) {
                    throw new ConfigException(
                            "There is no setting for the environment variable " + name + ". Did you mean "
                                    + Spelling.nearest(name, known.keySet()) + "?",
                            null);
                }
                found.put(setting, text);
            }
        });
        return found;
    }

    private static void put(ObjectNode tree, Setting setting, String text, String source) {
        List<String> steps = List.of(setting.path().split("\\."));
        var at = tree;
        for (var step : steps.subList(0, steps.size() - 1)) {
            at = at.get(step) instanceof ObjectNode inner ? inner : at.putObject(step);
        }
        at.set(steps.get(steps.size() - 1), value(setting, text, source));
    }

    private static JsonNode value(Setting setting, String text, String source) {
        return switch (setting.kind()) {
            case LIST -> structured(text, '[', ']', source);
            case MAP -> structured(text, '{', '}', source);
            case TEXT, PATH, NUMBER, SIZE, DURATION, SWITCH -> NODES.textNode(text);
        };
    }

    /** A list or map may be written without its brackets. */
    private static JsonNode structured(String text, char open, char close, String source) {
        var trimmed = text.trim();
        boolean whole = !trimmed.isEmpty() && trimmed.charAt(0) == open;
        return ConfigFiles.value(whole ? trimmed : open + trimmed + close, source);
    }

    private static ConfigException unknown(String what, SettingCatalog catalog, String path) {
        return new ConfigException(what + ". Did you mean '" + catalog.nearest(path) + "'?", null);
    }
}
