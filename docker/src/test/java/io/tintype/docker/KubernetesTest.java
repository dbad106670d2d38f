// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The manifests are what Kubernetes takes, by the fields of its own API, and fit each other and the images. And what the README
 * types is run as it stands there, with a {@code kubectl} that keeps what it is given. Starts nothing.
 */
final class KubernetesTest {
    private static final String MODELS = "io.kubernetes.client.openapi.models.V1";
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern POD = Pattern.compile("([a-z-]+)-(\\d+)\\.([a-z-]+)");
    private static final Pattern EXPOSED = Pattern.compile("(?m)^EXPOSE (.*)$");
    private static final Pattern VOLUME = Pattern.compile("(?m)^VOLUME (\\S+)$");
    private static final Set<String> PAGES = Set.of("/health/live", "/health/ready");

    @Test
    void everyFieldIsOneThatKubernetesKnows() throws Exception {
        for (var manifest : Manifests.all()) {
            checkFields(manifest);
        }
    }

    /** The check itself must notice what operators get wrong. */
    @Test
    void aFieldThatKubernetesDoesNotKnowIsFound() throws Exception {
        var broken = (ObjectNode) Manifests.workloads(Manifests.all()).get(0).deepCopy();
        ((ObjectNode) broken.at("/spec/template/spec/containers/0/readinessProbe")).put("periodSecond", 5);
        assertThatThrownBy(() -> checkFields(broken)).hasMessageContaining("periodSecond");
        var incomplete =
                (ObjectNode) Manifests.workloads(Manifests.all()).get(0).deepCopy();
        ((ObjectNode) incomplete.get("spec")).remove("selector");
        assertThatThrownBy(() -> checkFields(incomplete)).hasMessageContaining("selector");
    }

    private static void checkFields(JsonNode manifest) throws Exception {
        var check =
                Class.forName(MODELS + Manifests.kind(manifest)).getMethod("validateJsonElement", JsonElement.class);
        try {
            check.invoke(null, JsonParser.parseString(manifest.toString()));
        } catch (InvocationTargetException e) {
            throw new AssertionError(Manifests.name(manifest) + ": " + e.getCause(), e);
        }
    }

    @Test
    void everyServiceFindsPodsThatListenOnItsPorts() throws IOException {
        var all = Manifests.all();
        for (var service : of(all, "Service")) {
            var name = Manifests.name(service);
            var found = Manifests.workloads(all).stream()
                    .filter(workload -> Manifests.covers(service.at("/spec/selector"), Manifests.labels(workload)))
                    .toList();
            assertThat(found).as("workloads behind service %s", name).isNotEmpty();
            for (var workload : found) {
                assertThat(pairs(Manifests.container(workload).get("ports"), "containerPort"))
                        .as("ports of %s behind %s", Manifests.name(workload), name)
                        .containsAll(pairs(service.at("/spec/ports"), "port"));
            }
        }
    }

    @Test
    void everyContainerRunsAnImageOfOursOnThePortsAndVolumesThatItHas() throws IOException {
        for (var workload : Manifests.workloads(Manifests.all())) {
            var name = Manifests.name(workload);
            var container = Manifests.container(workload);
            assertThat(workload.at("/spec/template/spec/containers")).as(name).hasSize(1);
            var image = container.get("image").asText().replaceAll("^tintype/|:latest$", "");
            assertThat(image).as("image of %s", name).isIn("storage-node", "coordinator", "zookeeper");
            var stage = stage(image);
            var exposed =
                    EXPOSED.matcher(stage).results().map(line -> line.group(1)).toList();
            assertThat(StreamSupport.stream(container.get("ports").spliterator(), false)
                            .map(port -> port.get("containerPort").asText())
                            .collect(Collectors.joining(" ")))
                    .as("ports of %s", name)
                    .isEqualTo(exposed.get(0));
            assertThat(texts(container.path("volumeMounts"), "/mountPath"))
                    .as("volumes of %s", name)
                    .containsExactlyElementsOf(VOLUME.matcher(stage)
                            .results()
                            .map(line -> line.group(1))
                            .toList());
            assertThat(texts(workload.at("/spec/volumeClaimTemplates"), "/metadata/name"))
                    .as("claims of %s", name)
                    .containsExactlyElementsOf(texts(container.path("volumeMounts"), "/name"));
        }
    }

    @Test
    void everyProbeAsksWhatTheContainerAnswers() throws IOException {
        for (var workload : Manifests.workloads(Manifests.all())) {
            var container = Manifests.container(workload);
            var ports = texts(container.get("ports"), "/name");
            for (var kind : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                var probe = container.path(kind);
                var as = kind + " of " + Manifests.name(workload);
                if (probe.has("httpGet")) {
                    assertThat(ports).as(as).contains(probe.at("/httpGet/port").asText());
                    assertThat(PAGES).as(as).contains(probe.at("/httpGet/path").asText());
                } else if (probe.has("tcpSocket")) {
                    assertThat(ports)
                            .as(as)
                            .contains(probe.at("/tcpSocket/port").asText());
                } else if (probe.has("exec")) {
                    assertThat(stage("zookeeper"))
                            .as("%s is what the image's own health check does", as)
                            .contains(probe.at("/exec/command/2").asText());
                }
                assertThat(probe.at("/httpGet/path").asText().equals("/health/live"))
                        .as("%s: only what ends a container may look at life alone", as)
                        .isEqualTo(probe.has("httpGet") && !kind.equals("readinessProbe"));
            }
        }
    }

    /** {@code zookeeper-0.zookeeper} is a pod of a StatefulSet that has so many, behind its own service without an address. */
    @Test
    void everyPodThatIsNamedIsThere() throws IOException {
        var all = Manifests.all();
        var headless = of(all, "Service").stream()
                .filter(service -> service.at("/spec/clusterIP").asText().equals("None"))
                .map(Manifests::name)
                .collect(Collectors.toSet());
        var pods = new HashSet<String>();
        for (var set : of(all, "StatefulSet")) {
            var service = set.at("/spec/serviceName").asText();
            assertThat(headless).as("service of %s", Manifests.name(set)).contains(service);
            for (int i = 0; i < set.at("/spec/replicas").asInt(); i++) {
                pods.add(Manifests.name(set) + "-" + i + "." + service);
            }
        }
        int named = 0;
        for (var workload : Manifests.workloads(all)) {
            for (var value : Manifests.environment(workload).values()) {
                for (var pod :
                        POD.matcher(value).results().map(MatchResult::group).toList()) {
                    assertThat(pods)
                            .as("pods that %s knows of", Manifests.name(workload))
                            .contains(pod);
                    named++;
                }
            }
        }
        assertThat(named).isGreaterThanOrEqualTo(15);
    }

    /** A node may hand over, and ZooKeeper and the shards keep their majorities, whatever is evicted at once. */
    @Test
    void onlyOneOfAKindMayBeAwayAndEachMayTakeItsTime() throws IOException {
        var all = Manifests.all();
        assertThat(of(all, "PodDisruptionBudget"))
                .hasSize(5)
                .allSatisfy(budget ->
                        assertThat(budget.at("/spec/maxUnavailable").asInt()).isEqualTo(1));
        var compose = new YAMLMapper().readTree(Path.of("compose.yaml").toFile());
        for (var workload : Manifests.workloads(all)) {
            var image = Manifests.container(workload).get("image").asText();
            var there = compose.at(image.contains("storage-node") ? "/x-storage-node" : "/x-coordinator");
            if (!image.contains("zookeeper")) {
                assertThat(workload.at("/spec/template/spec/terminationGracePeriodSeconds")
                                        .asText() + "s")
                        .as("time to end of %s, as in the compose file", Manifests.name(workload))
                        .isEqualTo(there.get("stop_grace_period").asText());
            }
        }
    }

    /** Every line of the README that uses kubectl, as it stands there, in the folder in which its reader stands. */
    @Test
    void whatTheReadmeTypesAppliesEverythingAndAnotherZone(@TempDir Path folder) throws Exception {
        var given = folder.resolve("given.yaml");
        var kubectl = Files.writeString(folder.resolve("kubectl"), """
                #!/bin/sh
                # Keeps what it is to apply: what stands in files, in all files of a folder, or comes in.
                [ "$1 $2 $#" = "apply -f 3" ] || { echo "kubectl: $*" >&2; exit 1; }
                [ "$3" != - ] || { echo ---; cat; exit 0; } >> "$GIVEN"
                [ -e "$3" ] || { echo "there is no $3" >&2; exit 1; }
                find "$3" -name '*.yaml' | sort | while read -r file; do echo ---; cat "$file"; done >> "$GIVEN"
                """);
        assertThat(kubectl.toFile().setExecutable(true)).isTrue();
        var lines = Files.readAllLines(Path.of("README.md")).stream()
                .filter(line -> line.contains("kubectl ") && !line.startsWith("`"))
                .toList();
        assertThat(lines).hasSize(2);
        var script = Files.write(folder.resolve("lines.sh"), lines);
        var builder = new ProcessBuilder("bash", "-euo", "pipefail", script.toString())
                .directory(ROOT.toFile())
                .redirectErrorStream(true);
        builder.environment().put("GIVEN", given.toString());
        builder.environment().merge("PATH", folder.toString(), (path, first) -> first + ":" + path);
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", lines, said).isZero();

        var applied = Manifests.parse(Files.readString(given)).stream()
                .filter(JsonNode::isObject)
                .toList();
        var again = new ArrayList<>(Manifests.all());
        for (var manifest : applied) {
            checkFields(manifest);
            again.remove(manifest);
        }
        assertThat(again).as("what was not applied").isEmpty();
        var nodes = Manifests.workloads(applied).stream()
                .filter(workload ->
                        Manifests.container(workload).get("image").asText().contains("storage-node"))
                .toList();
        assertThat(nodes).extracting(Manifests::name).containsExactly("storage-node-a", "storage-node-b");
        for (var node : nodes) {
            var zone = Manifests.name(node).replace("storage-node-", "");
            assertThat(List.of(
                            Manifests.environment(node).get("TINTYPE_CONFIG_ZONE"),
                            node.at("/spec/selector/matchLabels/zone").asText(),
                            Manifests.labels(node).get("zone").asText(),
                            node.at(
                                            "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                                                    + "/nodeSelectorTerms/0/matchExpressions/0/values/0")
                                    .asText()))
                    .as("where all say that it is")
                    .containsOnly(zone);
        }
    }

    private static List<JsonNode> of(List<JsonNode> all, String kind) {
        return all.stream()
                .filter(manifest -> Manifests.kind(manifest).equals(kind))
                .toList();
    }

    private static Set<String> pairs(JsonNode ports, String number) {
        return StreamSupport.stream(ports.spliterator(), false)
                .map(port -> port.get("name").asText() + "=" + port.get(number).asInt())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> texts(JsonNode list, String where) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(one -> one.at(where).asText())
                .toList();
    }

    /** One target of the Dockerfile. */
    private static String stage(String target) throws IOException {
        var file = Files.readString(Path.of("Dockerfile"));
        var stage = file.substring(file.indexOf("AS " + target + "\n"));
        int end = stage.indexOf("\nFROM ");
        return end < 0 ? stage : stage.substring(0, end);
    }
}
