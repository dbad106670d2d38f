// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.coordinator.control.ControlSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every figure that a coordinator and storage nodes tell says what it means, stands in docs/metrics.md, and is there for what
 * dashboards ask. Run with {@code -Dtintype.write.docs=true} to write the document anew.
 */
final class MetricsIT {
    private static final Path DOCUMENT = Path.of("..", "docs", "metrics.md");
    private static final Path DASHBOARD =
            Path.of("..", "docker", "observability", "grafana", "dashboards", "tintype.json");
    private static final String BEGIN = "<!-- From here on written by MetricsIT from what processes tell. -->\n";
    private static final Pattern HELP = Pattern.compile("(?m)^# HELP (tintype_\\S+) *(.*)$");
    private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (tintype_\\S+) (\\S+)$");
    private static final Pattern ANY_HELP = Pattern.compile("(?m)^# HELP (\\S+) *(.*)$");
    private static final Pattern ANY_TYPE = Pattern.compile("(?m)^# TYPE (\\S+) ");
    private static final Pattern LABELS = Pattern.compile("(?m)^(tintype_\\w+)\\{([^}]*)\\}");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");
    private static final Pattern ASKED = Pattern.compile("\\btintype_[a-z_]+");
    /** What is told only once there was something to count, which may be or not be by then. */
    private static final Pattern SOMETIMES = Pattern.compile("tintype_(peer_refused|shard_orders|http_requests).*");

    private static final Duration SOON = Duration.ofSeconds(60);

    private static Regions cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = Regions.start("metrics", ControlSettings.DEFAULTS, "local/a", "local/b", "local/c");
        try (var client = cluster.client()) {
            client.put("alice", "cat.jpg", new byte[1_000]);
            client.get("alice", "cat.jpg").bytes();
        }
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void theDocumentHasEveryFigureAndEachSaysWhatItMeans() throws Exception {
        var nodes = new StringBuilder();
        var scrapes = cluster.scrapes();
        scrapes.subList(0, scrapes.size() - 1).forEach(nodes::append);
        var told = "\n## Of storage nodes\n\n" + table(nodes.toString()) + "\n## Of coordinators\n\n"
                + table(scrapes.get(scrapes.size() - 1));
        var document = Files.readString(DOCUMENT);
        assertThat(document).contains(BEGIN);
        var wanted = document.substring(0, document.indexOf(BEGIN) + BEGIN.length()) + told;
        if (Boolean.getBoolean("tintype.write.docs")) {
            Files.writeString(DOCUMENT, wanted);
        } else {
            assertThat(document)
                    .as("docs/metrics.md; write it anew with -Dit.test=MetricsIT -Dtintype.write.docs=true")
                    .isEqualTo(wanted);
        }
    }

    /** Those of the JVM and of what is counted only when it happens, too. */
    @Test
    void whateverAProcessTellsSaysWhatItMeans() throws Exception {
        var address = cluster.http() + "/v1/users/alice/blobs/cat.jpg";
        var request = HttpRequest.newBuilder(URI.create(address)).build();
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
        var all = new TreeSet<String>();
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(String.join("\n", cluster.scrapes())).contains("tintype_http_requests_total{"));
        for (var page : cluster.scrapes()) {
            var texts = new TreeMap<String, String>();
            ANY_HELP.matcher(page).results().forEach(found -> texts.put(found.group(1), found.group(2)));
            ANY_TYPE.matcher(page).results().map(found -> found.group(1)).forEach(name -> {
                all.add(name);
                assertThat(texts.get(name)).as("text of %s", name).isNotNull().hasSizeGreaterThan(8);
            });
        }
        assertThat(all).contains("jvm_memory_used_bytes", "process_cpu_usage", "tintype_http_requests_total");
    }

    @Test
    void everythingADashboardAsksForIsTold() throws Exception {
        var asked = ASKED.matcher(Files.readString(DASHBOARD))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(asked).hasSizeGreaterThan(20);
        // The first look is the first request over HTTP, which is counted when it has been answered.
        await().atMost(SOON).untilAsserted(() -> {
            var told = String.join("\n", cluster.scrapes());
            assertThat(asked).allSatisfy(name -> assertThat(told).contains("\n" + name));
        });
    }

    @Test
    void statesAndLeasesOfReplicasAddUp() {
        await().atMost(SOON).untilAsserted(() -> {
            var scrapes = cluster.scrapes();
            var nodes = scrapes.subList(0, scrapes.size() - 1);
            double replicas = sum(nodes, "tintype_shards");
            double shards = sum(List.of(scrapes.get(scrapes.size() - 1)), "tintype_shards");
            assertThat(replicas).isEqualTo(3 * shards).isPositive();
            assertThat(sum(nodes, "tintype_replicas{state=\"primary\"}")).isEqualTo(shards);
            assertThat(sum(nodes, "tintype_replicas{state=\"follower\"}")).isEqualTo(2 * shards);
            assertThat(sum(nodes, "tintype_leases_held")).isEqualTo(shards);
            assertThat(sum(nodes, "tintype_insync_changes_total{change=\"joined\"}"))
                    .isNotNegative();
            assertThat(sum(List.of(scrapes.get(scrapes.size() - 1)), "tintype_controller"))
                    .isEqualTo(1);
        });
    }

    private static double sum(List<String> pages, String series) {
        double sum = 0;
        for (var page : pages) {
            sum += page.lines()
                    .filter(line -> line.startsWith(series + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
        return sum;
    }

    /** Without limits that follow from the memory of the machine. */
    private static String said(String help) {
        return help.replace("|", "\\|").replaceAll(", of at most \\d{7,}", ", of a share of the heap");
    }

    private static String table(String page) {
        Map<String, String> types = new TreeMap<>();
        TYPE.matcher(page).results().forEach(found -> types.put(found.group(1), found.group(2)));
        Map<String, TreeSet<String>> labels = new TreeMap<>();
        LABELS.matcher(page)
                .results()
                .forEach(found -> LABEL.matcher(found.group(2))
                        .results()
                        .map(label -> label.group(1))
                        .filter(label -> !label.equals("le"))
                        .forEach(label -> labels.computeIfAbsent(found.group(1), name -> new TreeSet<>())
                                .add(label)));
        Map<String, String> rows = new TreeMap<>();
        HELP.matcher(page).results().forEach(found -> {
            var name = found.group(1);
            if (SOMETIMES.matcher(name).matches()) {
                return;
            }
            assertThat(found.group(2)).as("help of %s", name).hasSizeGreaterThan(8);
            var own = labels.entrySet().stream()
                    .filter(one -> one.getKey().matches(Pattern.quote(name) + "(_(count|sum|bucket|max))?"))
                    .flatMap(one -> one.getValue().stream())
                    .collect(Collectors.toCollection(TreeSet::new));
            rows.put(
                    name,
                    "| `" + name + (own.isEmpty() ? "" : "{" + String.join(",", own) + "}") + "` | " + types.get(name)
                            + " | " + said(found.group(2)) + " |\n");
        });
        return "| figure | kind | what it means |\n| --- | --- | --- |\n" + String.join("", rows.values());
    }
}
