// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The Kubernetes manifests of this tree, read. */
final class Manifests {
    /** Where they are. */
    static final Path FOLDER = Path.of("kubernetes");

    private static final YAMLMapper YAML = new YAMLMapper();

    private Manifests() {}

    /** All of them, in order of their files. */
    static List<JsonNode> all() throws IOException {
        var all = new ArrayList<JsonNode>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (var file : files.sorted().toList()) {
                all.addAll(parse(Files.readString(file)));
            }
        }
        return all;
    }

    /** Those of a text with {@code ---} between them. */
    static List<JsonNode> parse(String text) throws IOException {
        try (var documents = YAML.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
            return documents.readAll();
        }
    }

    /** Those that run pods. */
    static List<JsonNode> workloads(List<JsonNode> all) {
        return all.stream()
                .filter(manifest ->
                        kind(manifest).equals("StatefulSet") || kind(manifest).equals("Deployment"))
                .toList();
    }

    static String kind(JsonNode manifest) {
        return manifest.path("kind").asText();
    }

    static String name(JsonNode manifest) {
        return manifest.at("/metadata/name").asText();
    }

    /** Labels of the pods that a workload runs. */
    static JsonNode labels(JsonNode workload) {
        return workload.at("/spec/template/metadata/labels");
    }

    /** The only container of its pods. */
    static JsonNode container(JsonNode workload) {
        return workload.at("/spec/template/spec/containers/0");
    }

    /** Its environment; what comes from the pod itself is "from-pod". */
    static Map<String, String> environment(JsonNode workload) {
        var environment = new HashMap<String, String>();
        container(workload)
                .at("/env")
                .forEach(one -> environment.put(
                        one.get("name").asText(),
                        one.has("value") ? one.get("value").asText() : "from-pod"));
        return environment;
    }

    /** Whether each label that a selector asks for is there. */
    static boolean covers(JsonNode selector, JsonNode labels) {
        return StreamSupport.stream(selector.properties().spliterator(), false)
                .allMatch(one -> one.getValue().equals(labels.get(one.getKey())));
    }
}
