// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tintype.cluster.config.ConfigSources;
import io.tintype.cluster.config.Setting;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.storage.node.StorageNodeConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators apply is whole, and names only settings that there are. Starts nothing. */
final class ManifestsTest {
    private static final Path OBSERVABILITY = Path.of("observability");
    private static final Path ALARMS = OBSERVABILITY.resolve("alerts.yaml");
    private static final Path COMPOSE = Path.of("compose.yaml");
    private static final Path OPERATIONS = Path.of("..", "docs", "operations.md");
    private static final Pattern ENV = Pattern.compile("(TINTYPE_CONFIG_\\w+)=(\\S+)");
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final YAMLMapper YAML = new YAMLMapper();

    @Test
    void theSettingsThatOperatorsAreShownAreTaken(@TempDir Path folder) throws IOException {
        var files = Pattern.compile("(?s)```yaml\\n *# /etc/tintype/([a-z-]+)\\.yaml\\n(.*?)```")
                .matcher(Files.readString(OPERATIONS))
                .results()
                .toList();
        assertThat(files).extracting(file -> file.group(1)).containsExactly("storage-node", "coordinator");
        var node = Files.writeString(folder.resolve("node.yaml"), files.get(0).group(2));
        var coordinator = Files.writeString(
                folder.resolve("coordinator.yaml"), files.get(1).group(2));
        assertThat(ConfigSources.load(StorageNodeConfig.defaults(), node, Map.of(), Map.of())
                        .id())
                .isEqualTo("node-1");
        assertThat(ConfigSources.load(CoordinatorConfig.DEFAULTS, coordinator, Map.of(), Map.of())
                        .id())
                .isEqualTo("coordinator-1");
    }

    @Test
    void operatorsAreToldOfEveryAlarmWhatToDo() throws IOException {
        var told = Files.readString(OPERATIONS);
        var alarms = YAML.readTree(ALARMS.toFile()).findValuesAsText("alert");
        assertThat(alarms).hasSizeGreaterThan(10);
        assertThat(alarms).allSatisfy(alarm -> assertThat(told).contains("| `" + alarm + "` |"));
    }

    @Test
    void everyWorkloadHasProbesABudgetAndNoRoot() throws IOException {
        var all = Manifests.all();
        var budgets = all.stream()
                .filter(manifest -> Manifests.kind(manifest).equals("PodDisruptionBudget"))
                .map(manifest -> manifest.at("/spec/selector/matchLabels"))
                .toList();
        var workloads = Manifests.workloads(all);
        assertThat(workloads).hasSize(5);
        for (var workload : workloads) {
            var name = workload.at("/metadata/name").asText();
            var pod = workload.at("/spec/template/spec");
            var labels = workload.at("/spec/template/metadata/labels");
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean())
                    .as(name)
                    .isTrue();
            assertThat(pod.at("/affinity/podAntiAffinity").isMissingNode())
                    .as(name)
                    .isFalse();
            assertThat(budgets)
                    .as("disruption budget of %s", name)
                    .anyMatch(budget -> Manifests.covers(budget, labels));
            var container = pod.at("/containers/0");
            assertThat(container.has("readinessProbe")).as(name).isTrue();
            assertThat(container.has("livenessProbe")).as(name).isTrue();
            assertThat(container.at("/resources/limits/memory").asText())
                    .as(name)
                    .isNotEmpty();
            assertThat(Manifests.covers(workload.at("/spec/selector/matchLabels"), labels))
                    .as(name)
                    .isTrue();
        }
    }

    /** Copies of a coordinator or of ZooKeeper's go to several zones; storage nodes of a zone are a workload and stay there. */
    @Test
    void everyWorkloadKnowsZones() throws IOException {
        for (var workload : Manifests.workloads(Manifests.all())) {
            var name = workload.at("/metadata/name").asText();
            var pod = workload.at("/spec/template/spec");
            var zones = pod.at("/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                    + "/nodeSelectorTerms/0/matchExpressions/0");
            if (zones.isMissingNode()) {
                assertThat(pod.at("/topologySpreadConstraints/0/topologyKey").asText())
                        .as(name)
                        .isEqualTo(ZONE);
                assertThat(Manifests.covers(
                                pod.at("/topologySpreadConstraints/0/labelSelector/matchLabels"),
                                workload.at("/spec/template/metadata/labels")))
                        .as(name)
                        .isTrue();
            } else {
                assertThat(zones.get("key").asText()).as(name).isEqualTo(ZONE);
                var settings = pod.at("/containers/0/env");
                assertThat(StreamSupport.stream(settings.spliterator(), false)
                                .filter(one -> one.get("name").asText().equals("TINTYPE_CONFIG_ZONE"))
                                .map(one -> one.get("value").asText()))
                        .as("the zone that %s is told, and the one it is in", name)
                        .containsExactly(zones.at("/values/0").asText());
            }
        }
    }

    @Test
    void everySettingInAManifestIsOneThatTheProcessTakes() throws IOException {
        for (var workload : Manifests.workloads(Manifests.all())) {
            var container = workload.at("/spec/template/spec/containers/0");
            check(container.at("/image").asText(), resolved(Manifests.environment(workload)));
        }
    }

    @Test
    void everySettingOfTheComposeFileIsOneThatTheProcessTakes() throws IOException {
        var services = YAML.readTree(Files.readString(Path.of("compose.yaml"))).get("services");
        int checked = 0;
        for (var service : services) {
            var environment = new HashMap<String, String>();
            merged(service.path("environment")).forEach(environment::put);
            if (environment.keySet().stream().anyMatch(name -> name.startsWith(Setting.ENVIRONMENT_PREFIX))) {
                check(
                        environment.containsKey("TINTYPE_CONFIG_ROLES")
                                        || !environment.containsKey("TINTYPE_CONFIG_ZONE")
                                ? "coordinator"
                                : "storage-node",
                        environment);
                checked++;
            }
        }
        assertThat(checked).isEqualTo(7);
    }

    @Test
    void prometheusAsksEveryServerOfTheComposeFileAndKnowsTheAlarms() throws IOException {
        var services = YAML.readTree(Files.readString(COMPOSE)).get("services");
        var config = YAML.readTree(Files.readString(OBSERVABILITY.resolve("prometheus.yaml")));
        var targets = new TreeSet<String>();
        config.findValues("targets").forEach(list -> list.forEach(one -> targets.add(one.asText())));
        var servers = new TreeSet<String>();
        services.properties().forEach(service -> {
            var name = service.getKey();
            if (name.startsWith("node-")) {
                servers.add(name + ":7412");
            } else if (service.getValue().path("environment").has("TINTYPE_CONFIG_ID")) {
                servers.add(name + ":7480");
            }
        });
        assertThat(targets).isEqualTo(servers).hasSize(7);
        assertThat(mounts(services.get("prometheus")))
                .containsEntry("/etc/prometheus/prometheus.yaml", "./observability/prometheus.yaml")
                .containsEntry(config.at("/rule_files/0").asText(), "./observability/alerts.yaml");
    }

    @Test
    void grafanaFindsItsDashboardAndWhereItsFiguresAre() throws IOException {
        var services = YAML.readTree(Files.readString(COMPOSE)).get("services");
        var grafana = OBSERVABILITY.resolve("grafana");
        var source = YAML.readTree(Files.readString(grafana.resolve("provisioning/datasources/prometheus.yaml")))
                .at("/datasources/0");
        assertThat(services.has(URI.create(source.get("url").asText()).getHost()))
                .as("a service under the address of the source")
                .isTrue();
        var folder = YAML.readTree(Files.readString(grafana.resolve("provisioning/dashboards/tintype.yaml")))
                .at("/providers/0/options/path")
                .asText();
        assertThat(mounts(services.get("grafana")))
                .containsEntry(folder, "./observability/grafana/dashboards")
                .containsEntry("/etc/grafana/provisioning", "./observability/grafana/provisioning");
        var dashboard = YAML.readTree(Files.readString(grafana.resolve("dashboards/tintype.json")));
        var places = new HashSet<String>();
        for (var panel : dashboard.get("panels")) {
            assertThat(places.add(panel.at("/gridPos/x") + "," + panel.at("/gridPos/y")))
                    .as("%s has a place of its own", panel.get("title"))
                    .isTrue();
            if (!panel.get("type").asText().equals("row")) {
                assertThat(panel.at("/datasource/uid")).isEqualTo(source.get("uid"));
                assertThat(panel.at("/targets/0/expr").asText()).isNotEmpty();
                assertThat(panel.at("/description").asText())
                        .as("what %s says", panel.get("title"))
                        .isNotEmpty();
            }
        }
        assertThat(dashboard.get("panels").findValuesAsText("title"))
                .contains("Is my data safe?", "Is it fast?", "What is moving?", "When do I need machines?");
    }

    /** What a service sees of files here, by where it sees it. */
    private static Map<String, String> mounts(JsonNode service) {
        var found = new HashMap<String, String>();
        service.get("volumes").forEach(volume -> {
            var parts = volume.asText().split(":", 3);
            found.put(parts[1], parts[0]);
        });
        return found;
    }

    /** The settings that the image itself makes, with those from outside over them, must start a process. */
    private static void check(String image, Map<String, String> environment) throws IOException {
        if (image.contains("storage-node")) {
            var all = new HashMap<>(ofImage("storage-node"));
            all.putAll(environment);
            assertThat(ConfigSources.load(StorageNodeConfig.defaults(), null, all, Map.of())
                            .id())
                    .isEqualTo(environment.get("TINTYPE_CONFIG_ID"));
        } else if (image.contains("coordinator")) {
            var all = new HashMap<>(ofImage("coordinator"));
            all.putAll(environment);
            assertThat(ConfigSources.load(CoordinatorConfig.DEFAULTS, null, all, Map.of())
                            .id())
                    .isEqualTo(environment.get("TINTYPE_CONFIG_ID"));
        }
    }

    /** What ENV says in one target of the Dockerfile. */
    private static Map<String, String> ofImage(String target) throws IOException {
        var file = Files.readString(Path.of("Dockerfile"));
        var stage = file.substring(file.indexOf("AS " + target + "\n"));
        var end = stage.indexOf("\nFROM ");
        var found = new HashMap<String, String>();
        ENV.matcher(end < 0 ? stage : stage.substring(0, end))
                .results()
                .forEach(match -> found.put(match.group(1), match.group(2)));
        assertThat(found).as("settings of image %s", target).isNotEmpty();
        return found;
    }

    /** Kubernetes puts the values of other variables in for $(NAME). */
    private static Map<String, String> resolved(Map<String, String> environment) {
        var all = new HashMap<String, String>();
        environment.forEach((name, value) -> all.put(name, value.replaceAll("\\$\\([A-Z_]+\\)", "from-pod")));
        return all;
    }

    private static Map<String, String> merged(JsonNode environment) throws IOException {
        var all = new HashMap<String, String>();
        if (environment.path("<<").asText().equals("place")) {
            var anchors = YAML.readTree(Files.readString(Path.of("compose.yaml")));
            anchors.get("x-place")
                    .properties()
                    .forEach(one -> all.put(one.getKey(), one.getValue().asText()));
        }
        environment.properties().stream()
                .filter(one -> !one.getKey().equals("<<"))
                .forEach(one -> all.put(one.getKey(), one.getValue().asText()));
        return all;
    }
}
