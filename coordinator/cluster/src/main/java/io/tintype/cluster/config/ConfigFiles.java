// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * Reads settings from YAML into records. Stateless and thread-safe.
 *
 * <p>A file names only what differs from the defaults. A setting that does not exist, is given twice, or has a value that
 * the record refuses, makes the file unusable: a process must not start with settings that nobody meant. Durations are
 * written as {@code 500ms}, {@code 10s}, {@code 5m}, {@code 24h}; sizes as {@code 512MiB} or bytes.
 */
public final class ConfigFiles {
    /** Longest settings file, in bytes. */
    public static final long MAX_FILE_BYTES = 1 << 20;

    private static final ObjectMapper MAPPER = YAMLMapper.builder(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .addModule(new SettingTypes())
            .build();

    private ConfigFiles() {}

    /**
     * The defaults with what the file says laid over them.
     *
     * @throws ConfigException if the file cannot be read or used
     */
    public static <T extends Record> T load(Path file, T defaults) {
        return bind(read(file), file.toString(), defaults);
    }

    /** As {@link #load}, from text; {@code source} is how messages call it. */
    public static <T extends Record> T parse(String yaml, String source, T defaults) {
        return bind(tree(yaml, source), source, defaults);
    }

    /** What a settings file says. */
    static ObjectNode read(Path file) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new ConfigException(file + " has more than " + MAX_FILE_BYTES + " bytes.", null);
            }
            return tree(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new ConfigException("Cannot read settings from " + file + ": " + e, e);
        }
    }

    /** One value, as it would stand behind the colon of a settings file. */
    static JsonNode value(String yaml, String source) {
        try {
            return MAPPER.readTree(yaml);
        } catch (JacksonException e) {
            throw new ConfigException(source + " is not YAML: " + e.getOriginalMessage(), e);
        }
    }

    private static ObjectNode tree(String yaml, String source) {
        try {
            JsonNode given = MAPPER.readTree(yaml);
            if (given instanceof ObjectNode object) {
                return object;
            }
            if (given.isMissingNode() || given.isNull()) {
                return MAPPER.createObjectNode();
            }
            throw new ConfigException(source + " must hold settings as 'name: value'.", null);
        } catch (JacksonException e) {
            throw new ConfigException(source + " is not YAML: " + e.getOriginalMessage() + where(e), e);
        }
    }

    /** The defaults with a tree laid over them. */
    static <T extends Record> T bind(ObjectNode given, String source, T defaults) {
        try {
            ObjectNode merged = MAPPER.valueToTree(defaults);
            lay(given, merged);
            @SuppressWarnings("unchecked") // a record's class is that of its own type
            var type = (Class<T>) defaults.getClass();
            return MAPPER.treeToValue(merged, type);
        } catch (UnrecognizedPropertyException e) {
            throw new ConfigException(
                    source + ": there is no setting '" + pathOf(e) + "'." + hint(e.getPropertyName(), e), e);
        } catch (ValueInstantiationException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            throw new ConfigException(source + ": " + cause.getMessage(), e);
        } catch (JsonMappingException e) {
            throw new ConfigException(source + ": setting '" + pathOf(e) + "': " + e.getOriginalMessage(), e);
        } catch (JacksonException e) {
            throw new ConfigException(source + ": " + e.getOriginalMessage(), e);
        }
    }

    /** Lays one tree over another. */
    static void lay(ObjectNode given, ObjectNode over) {
        given.properties().forEach(entry -> {
            var below = over.get(entry.getKey());
            if (entry.getValue() instanceof ObjectNode inner && below instanceof ObjectNode belowObject) {
                lay(inner, belowObject);
            } else {
                over.set(entry.getKey(), entry.getValue());
            }
        });
    }

    private static String pathOf(JsonMappingException e) {
        return e.getPath().stream()
                .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName())
                .collect(Collectors.joining("."));
    }

    private static String hint(String unknown, UnrecognizedPropertyException e) {
        Collection<Object> known = e.getKnownPropertyIds();
        if (known == null || known.isEmpty()) {
            return "";
        }
        String nearest =
                Spelling.nearest(unknown, known.stream().map(Object::toString).toList());
        return " Did you mean '" + nearest + "'? Known here: "
                + known.stream().map(Object::toString).sorted().collect(Collectors.joining(", ")) + ".";
    }

    private static String where(JacksonException e) {
        var location = e.getLocation();
        return location == null ? "" : " (line " + location.getLineNr() + ")";
    }
}
