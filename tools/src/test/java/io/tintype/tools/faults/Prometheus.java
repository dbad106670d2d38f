// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A real Prometheus server that looks at a cluster twice a second. Used by one thread. */
final class Prometheus implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final String address;
    private final Process process;

    private Prometheus(String address, Process process) {
        this.address = address;
        this.process = process;
    }

    /** The program, where it is on the PATH. */
    static Optional<Path> find() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(directory -> Path.of(directory, "prometheus"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts one.
     *
     * @param folder an empty one
     * @param address host:port to listen on
     * @param targets host:port of what is looked at, by name of the job
     * @param rules the text of a file of rules
     */
    static Prometheus start(Path program, Path folder, String address, Map<String, List<String>> targets, String rules)
            throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("alerts.yaml"), rules);
        var jobs = targets.entrySet().stream()
                .map(job -> "  - job_name: " + job.getKey() + "\n    static_configs: [{targets: ["
                        + quoted(job.getValue()) + "]}]\n")
                .collect(Collectors.joining());
        var config = Files.writeString(
                folder.resolve("prometheus.yaml"),
                "global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}\n"
                        + "rule_files: [alerts.yaml]\nscrape_configs:\n" + jobs);
        var process = new ProcessBuilder(
                        program.toString(),
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=" + address,
                        "--log.level=warn")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("prometheus.log").toFile())
                .start();
        var started = new Prometheus(address, process);
        try {
            Awaitility.await("Prometheus is ready; see " + folder)
                    .atMost(PATIENCE)
                    .failFast("Prometheus ended; see " + folder, () -> !process.isAlive())
                    .ignoreExceptions()
                    .until(() -> started.get("/-/ready").statusCode() == 200);
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
        return started;
    }

    /** The state of each rule by its name: inactive, pending or firing. */
    Map<String, String> alarms() throws IOException {
        var states = new TreeMap<String, String>();
        for (var group : json("/api/v1/rules").at("/data/groups")) {
            group.at("/rules")
                    .forEach(rule -> states.put(
                            rule.get("name").asText(), rule.path("state").asText()));
        }
        return states;
    }

    /** What the panels of a dashboard of Grafana's ask. */
    static List<String> questionsOf(Path dashboard) throws IOException {
        return JSON.readTree(dashboard.toFile()).get("panels").findValuesAsText("expr");
    }

    /** How many series an expression has now. */
    int series(String expression) throws IOException {
        return json("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
                .at("/data/result")
                .size();
    }

    /** The value of an expression that has one series; NaN where it has none. */
    double value(String expression) throws IOException {
        var found = json("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
                .at("/data/result/0/value/1");
        return found.isMissingNode() ? Double.NaN : Double.parseDouble(found.asText());
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }

    private JsonNode json(String path) throws IOException {
        var answer = get(path);
        if (answer.statusCode() != 200) {
            throw new IOException(path + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private HttpResponse<String> get(String path) throws IOException {
        var request = HttpRequest.newBuilder(URI.create("http://" + address + path))
                .timeout(PATIENCE)
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static String quoted(List<String> all) {
        return all.stream().map(one -> "\"" + one + "\"").collect(Collectors.joining(", "));
    }
}
