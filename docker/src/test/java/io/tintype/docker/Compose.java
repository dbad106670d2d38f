// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The compose file, where no Grafana is given with that for Debian's packages beside it, in the hands of docker compose, or of the older docker-compose. Closing it removes all it made. */
final class Compose implements AutoCloseable {
    private static final List<String> PLUGIN = List.of("docker", "compose");
    private static final List<String> PROGRAM = List.of("docker-compose");
    private static final Path LOG = Path.of("target", "compose.log").toAbsolutePath();
    private static final int HTTP = 7480;

    private final List<String> program = works(PLUGIN) ? PLUGIN : PROGRAM;
    private final Map<String, String> images;
    private final List<String> services;

    Compose(Map<String, String> images) throws IOException {
        this.images = images;
        this.services = say("config", "--services").lines().sorted().toList();
    }

    static boolean isThere() {
        return works(PLUGIN) || works(PROGRAM);
    }

    private static boolean works(List<String> program) {
        var line = new ArrayList<>(program);
        line.add("version");
        try {
            return new ProcessBuilder(line)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(LOG.toFile()))
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException notThere) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Which images the file is to run: those of registries where they are here or can be had, else made of packages. */
    static Map<String, String> images(String tag) {
        var all = new HashMap<String, String>();
        all.put("TINTYPE_TAG", tag);
        for (var one : List.of("MEMCACHED_IMAGE", "PROMETHEUS_IMAGE", "GRAFANA_IMAGE")) {
            var given = System.getenv(one);
            if (given != null) {
                all.put(one, given);
            }
        }
        var script = Images.ROOT.resolve("docker/base/debian.sh").toString();
        if (!all.containsKey("MEMCACHED_IMAGE")) {
            all.put("MEMCACHED_IMAGE", "tintype/memcached:debian");
            Images.run(
                    List.of(script, "tintype/memcached:debian", Images.named("cli"), "memcached", "/usr/bin/memcached"),
                    Path.of("target", "memcached.log"));
        }
        if (!all.containsKey("PROMETHEUS_IMAGE")) {
            all.put("PROMETHEUS_IMAGE", "tintype/prometheus:debian");
            Images.run(
                    List.of(
                            script,
                            "tintype/prometheus:debian",
                            Images.named("cli"),
                            "prometheus",
                            "/usr/bin/prometheus",
                            "/prometheus"),
                    Path.of("target", "prometheus.log"));
        }
        return all;
    }

    /** Which program it is, and of which version. */
    String version() throws IOException {
        var line = new ArrayList<>(program);
        line.addAll(List.of("version", "--short"));
        return String.join(" ", program) + " " + said(new ProcessBuilder(line)).trim();
    }

    List<String> services() {
        return services;
    }

    void up() throws IOException {
        say("up", "-d");
    }

    /** Where a port of a service is published. */
    int port(String service, int inside) throws IOException {
        var said = say("port", service, Integer.toString(inside)).trim();
        return Integer.parseInt(said.substring(said.lastIndexOf(':') + 1));
    }

    /** What the image of the command line prints, in the network of the others, as docker/README.md has it. */
    static String cli(String... words) throws IOException {
        var line = new ArrayList<>(List.of("docker", "run", "--rm", "--network", "tintype"));
        line.addAll(List.of("-e", "TINTYPE_SERVER=coordinator:7400", Images.named("cli")));
        line.addAll(List.of(words));
        return said(new ProcessBuilder(line));
    }

    /** What memcached says of itself, asked from within the network. */
    static String memcachedFigures() throws IOException {
        var asked = "printf 'stats\\r\\nquit\\r\\n' | nc -w 2 memcached 11211";
        return said(new ProcessBuilder(
                "docker",
                "run",
                "--rm",
                "--network",
                "tintype",
                "--entrypoint",
                "sh",
                Images.named("cli"),
                "-c",
                asked));
    }

    /**
     * Runs every line of docker/README.md that uses the cluster, as it stands there but for the port and the images' tag; tells what
     * they said.
     */
    String documented() throws IOException {
        var said = new StringBuilder();
        var http = "localhost:" + port("coordinator", HTTP);
        for (var line : Files.readAllLines(Path.of("README.md"))) {
            if (line.startsWith("curl ") || line.startsWith("docker run ")) {
                var here = line.replace("localhost:" + HTTP, http)
                        .replace(" tintype/cli ", " " + Images.named("cli") + " ");
                said.append(said(new ProcessBuilder("bash", "-euc", here.replace("curl ", "curl -fsS "))
                        .directory(Images.ROOT.toFile())));
            }
        }
        return said.toString();
    }

    private String say(String... words) throws IOException {
        var line = new ArrayList<>(program);
        line.addAll(List.of("-p", "tintype-test", "-f", "compose.yaml"));
        if (!images.containsKey("GRAFANA_IMAGE")) {
            line.addAll(List.of("-f", "compose.debian.yaml"));
        }
        line.addAll(List.of(words));
        var builder = new ProcessBuilder(line);
        builder.environment().putAll(images);
        for (var port : List.of("TINTYPE_GRPC_PORT", "TINTYPE_HTTP_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")) {
            builder.environment().put(port, "0");
        }
        return said(builder);
    }

    private static String said(ProcessBuilder builder) throws IOException {
        var process = builder.redirectError(ProcessBuilder.Redirect.appendTo(LOG.toFile()))
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException(builder.command() + " failed:\n" + Files.readString(LOG));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return said;
    }

    @Override
    public void close() throws IOException {
        say("down", "-v");
    }
}
