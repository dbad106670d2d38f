// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The compose file is what {@code docker compose} takes, by its own schema, and its parts fit each other. Starts nothing. */
final class ComposeFileTest {
    private static final Path FILE = Path.of("compose.yaml");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+):-([^}]*)}");
    private static final Pattern EXPOSED = Pattern.compile("(?m)^EXPOSE (.*)$");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode file;
    private static JsonNode fromPackages;

    /** With what stands elsewhere in it, and the defaults of its variables, put in. */
    @BeforeAll
    static void read() throws IOException {
        file = read(FILE);
        fromPackages = read(Path.of("compose.debian.yaml"));
    }

    private static JsonNode read(Path path) throws IOException {
        var text = VARIABLE.matcher(Files.readString(path)).replaceAll("$2");
        return JSON.valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).load(text));
    }

    @Test
    void everyFieldIsOneOfTheComposeSpecification() throws IOException {
        assertThat(schema().validate(file))
                .as("what docker compose would refuse")
                .isEmpty();
        assertThat(schema().validate(fromPackages)).isEmpty();
    }

    /** Beside the file it replaces all that comes from a registry, and adds nothing. */
    @Test
    void whatComesFromARegistryIsReplacedWhereThereIsNone() {
        var foreign = file.get("services").properties().stream()
                .filter(one -> !one.getValue().get("image").asText().startsWith("tintype/"))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        assertThat(keys(fromPackages.get("services"))).isEqualTo(foreign);
        fromPackages
                .get("services")
                .forEach(one ->
                        assertThat(one.path("image").asText("tintype/none")).startsWith("tintype/"));
    }

    /** The check itself must notice what people get wrong. */
    @Test
    void aFieldThatComposeDoesNotKnowIsFound() throws IOException {
        ObjectNode broken = file.deepCopy();
        ((ObjectNode) broken.at("/services/node-1")).put("stop_grace_time", "60s");
        assertThat(schema().validate(broken))
                .extracting(ValidationMessage::getMessage)
                .anyMatch(message -> message.contains("stop_grace_time"));
    }

    private static JsonSchema schema() throws IOException {
        try (var in =
                Objects.requireNonNull(ComposeFileTest.class.getResourceAsStream("/compose-spec/compose-spec.json"))) {
            var schema = (ObjectNode) JSON.readTree(in);
            schema.remove("$id"); // a bare file name, which the validator does not take for an address
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(schema);
        }
    }

    @Test
    void whateverAServiceNamesIsThere() {
        var services = keys(file.get("services"));
        assertThat(services).hasSize(14);
        file.get("services").properties().forEach(one -> {
            var name = one.getKey();
            var service = one.getValue();
            assertThat(services).as("what %s waits for", name).containsAll(texts(service.path("depends_on")));
            assertThat(keys(file.get("networks")))
                    .as("networks of %s", name)
                    .containsAll(texts(service.get("networks")));
            for (var volume : texts(service.path("volumes"))) {
                var source = volume.split(":", 2)[0];
                if (source.startsWith(".")) {
                    assertThat(Path.of(source)).as("what %s mounts", name).exists();
                } else {
                    assertThat(keys(file.get("volumes")))
                            .as("volumes of %s", name)
                            .contains(source);
                }
            }
            if (service.has("hostname")) {
                assertThat(service.get("hostname").asText())
                        .as("what others call %s", name)
                        .isEqualTo(name);
            }
        });
        assertThat(file.get("services").findValuesAsText("hostname"))
                .containsAll(texts(file.at("/x-storage-node/depends_on")));
    }

    /** Each server keeps its data in a volume of its own, over the folder in which its image keeps it. */
    @Test
    void nobodySharesAVolumeAndNobodyKeepsDataInAContainer() throws IOException {
        var used = new HashSet<String>();
        for (var one : file.get("services").properties()) {
            var image = one.getValue().get("image").asText();
            for (var volume : texts(one.getValue().path("volumes"))) {
                if (!volume.startsWith(".")) {
                    assertThat(used.add(volume.split(":", 2)[0]))
                            .as("%s is used once", volume)
                            .isTrue();
                }
            }
            if (image.startsWith("tintype/zookeeper") || image.startsWith("tintype/storage-node")) {
                assertThat(texts(one.getValue().get("volumes")))
                        .as("volumes of %s", one.getKey())
                        .allMatch(volume ->
                                volume.endsWith(":/var/lib/" + (image.contains("zoo") ? "zookeeper" : "tintype")))
                        .hasSize(1);
            }
        }
        assertThat(used).as("every volume is used").isEqualTo(keys(file.get("volumes")));
    }

    @Test
    void everyPortThatIsPublishedIsOneThatTheImageListensOn() throws IOException {
        var dockerfile = Files.readString(Path.of("Dockerfile"));
        for (var one : file.get("services").properties()) {
            var image = one.getValue().get("image").asText();
            if (image.startsWith("tintype/")) {
                var target = image.replaceAll("^tintype/|:latest$", "");
                assertThat(dockerfile).as("image of %s", one.getKey()).contains(" AS " + target + "\n");
                var stage = dockerfile.substring(dockerfile.indexOf(" AS " + target + "\n"));
                var exposed = EXPOSED.matcher(stage).results().findFirst();
                for (var port : texts(one.getValue().path("ports"))) {
                    assertThat(List.of(exposed.orElseThrow().group(1).split(" ")))
                            .as("%s of %s", port, one.getKey())
                            .contains(port.substring(port.lastIndexOf(':') + 1));
                }
            }
        }
    }

    private static Set<String> keys(JsonNode node) {
        return StreamSupport.stream(node.properties().spliterator(), false)
                .map(one -> one.getKey())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
