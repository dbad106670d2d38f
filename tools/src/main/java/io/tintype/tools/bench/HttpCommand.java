// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.cli.DurationConverter;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tintype bench http}: HTTP servers side by side, in one run. */
@Command(
        name = "http",
        description = {
            "Measures HTTP GETs of several servers that serve the same bytes under the same paths, side by side in one run.",
            "",
            "Stores the blobs at the first server; --files also writes them as files for a static web server whose root that"
                    + " folder is. Every byte is compared once, lengths always. Each figure is also given as a share of"
                    + " that of the last server. Leaves the blobs of user 'bench-http'."
        },
        footer = {
            "  tintype bench http --at memory=http://localhost:7480 --at nginx=http://localhost:8088 --files ./www",
            "  tintype bench http --at c=http://localhost:7480 --sizes 64k --rate 200 --duration 30s"
        })
final class HttpCommand implements Callable<Integer> {
    private static final String FOLDER = "/v1/users/bench-http/blobs/";
    private static final List<String> COLUMNS =
            List.of("server", "size>", "reads/s>", "p50>", "p99>", "failed>", "of the last>");

    @Option(
            names = "--at",
            required = true,
            paramLabel = "NAME=URL",
            description =
                    "A server, in the order in which they are measured; the last is what the others are held against.")
    private Map<String, URI> servers;

    @Option(
            names = "--header",
            paramLabel = "NAME=LINE",
            description = "A header that goes with every request to that server.")
    private @Nullable Map<String, String> headers;

    @Option(names = "--files", paramLabel = "DIR", description = "Write the blobs as files, too.")
    private @Nullable Path files;

    @Option(
            names = "--sizes",
            defaultValue = "4k,64k,1m",
            split = ",",
            paramLabel = "SIZE",
            description = "Sizes to measure (default: ${DEFAULT-VALUE}).")
    private List<String> sizes;

    @Option(names = "--keys", defaultValue = "32", paramLabel = "N", description = "Blobs of each size.")
    private int keys;

    @Option(
            names = {"-c", "--concurrency"},
            defaultValue = "16",
            paramLabel = "N",
            description = "Requests under way at the same time (default: ${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = {"-t", "--duration"},
            defaultValue = "8s",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to measure each figure (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--warm-up",
            defaultValue = "8s",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to read before each figure (default: ${DEFAULT-VALUE}).")
    private Duration warmUp;

    @Option(
            names = "--rate",
            defaultValue = "0",
            paramLabel = "N",
            description = "Begin so many requests a second, whether or not earlier ones have ended.")
    private double rate;

    @Option(
            names = "--renditions",
            defaultValue = "0",
            paramLabel = "N",
            description =
                    "Measure the first server once more while so many renditions of --image are made a second, no two of"
                            + " which are alike, in turn with it alone.")
    private double renditions;

    @Option(
            names = "--rounds",
            defaultValue = "3",
            paramLabel = "N",
            description = "How often, in turn, with renditions and without; the middle one of each is given"
                    + " (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--image", paramLabel = "FILE", description = "The image of which renditions are made.")
    private @Nullable Path image;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws Exception {
        var lines = new ArrayList<Line>();
        for (var text : sizes) {
            int size = size(text);
            var resources = store(size);
            var figures = new ArrayList<HttpLoad.Result>();
            for (var server : servers.entrySet()) {
                output.err().println(text + ": " + server.getKey());
                output.err().flush();
                figures.add(measure(server.getKey(), server.getValue(), resources));
            }
            double last = figures.get(figures.size() - 1).perSecond();
            for (var name : servers.keySet()) {
                lines.add(Line.of(name, size, figures.remove(0), last));
            }
            if (renditions > 0) {
                lines.addAll(besideRenditions(size, resources, last));
            }
        }
        output.print(
                new Document(Machine.describe(), concurrency, rate, lines),
                Tables.render(COLUMNS, lines.stream().map(Line::row).toList()));
        return ExitCode.OK.number();
    }

    private int size(String text) {
        try {
            return SizeMix.parse(text).size(0);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** Puts them there, and compares every byte at every server. */
    private List<HttpLoad.Resource> store(int size) throws IOException, InterruptedException {
        var client = HttpClient.newHttpClient();
        var resources = new ArrayList<HttpLoad.Resource>();
        var first = servers.values().iterator().next();
        for (int i = 0; i < keys; i++) {
            var path = FOLDER + size + "-" + i;
            var bytes = new byte[size];
            new SplittableRandom(31L * size + i).nextBytes(bytes);
            var put = HttpRequest.newBuilder(first.resolve(path))
                    .header("Content-Type", "image/jpeg")
                    .PUT(BodyPublishers.ofByteArray(bytes))
                    .build();
            int status = client.send(put, BodyHandlers.discarding()).statusCode();
            if (status != 200) {
                throw new IOException("storing " + path + " at " + first + " was answered with status " + status);
            }
            if (files != null) {
                var file = files.resolve(path.substring(1));
                Files.createDirectories(file.getParent());
                Files.write(file, bytes);
            }
            for (var server : servers.values()) {
                var get = HttpRequest.newBuilder(server.resolve(path)).build();
                if (!Arrays.equals(client.send(get, BodyHandlers.ofByteArray()).body(), bytes)) {
                    throw new IOException(server.resolve(path) + " has other bytes than were stored");
                }
            }
            resources.add(new HttpLoad.Resource(path, size));
        }
        return resources;
    }

    private HttpLoad.Result measure(String name, URI server, List<HttpLoad.Resource> resources)
            throws InterruptedException {
        var lines = headers == null || !headers.containsKey(name) ? List.<String>of() : List.of(headers.get(name));
        var load = new HttpLoad(new HttpLoad.Plan(
                List.of(server), lines, resources, random -> random.nextInt(resources.size()), concurrency, rate));
        load.run(warmUp, 1);
        return load.run(duration, 2);
    }

    /** The first server again, alone and while it makes renditions. */
    private List<Line> besideRenditions(int size, List<HttpLoad.Resource> resources, double last)
            throws IOException, InterruptedException {
        if (image == null) {
            throw new ParameterException(command.commandLine(), "--renditions needs --image");
        }
        var first = servers.entrySet().iterator().next();
        var each = warmUp.plus(duration);
        var load = RenditionLoad.of(first.getValue(), FOLDER + "image", image, renditions, (long)
                Math.ceil(renditions * rounds * each.toMillis() / 1000));
        var making = new ArrayList<HttpLoad.Result>();
        var beside = new ArrayList<HttpLoad.Result>();
        var alone = new ArrayList<HttpLoad.Result>();
        for (int round = 1; round <= rounds; round++) {
            output.err().printf("renditions: round %d of %d%n", round, rounds);
            output.err().flush();
            var made = load.begin(each);
            beside.add(measure(first.getKey(), first.getValue(), resources));
            making.add(made.join());
            alone.add(measure(first.getKey(), first.getValue(), resources));
        }
        return List.of(
                Line.of("the renditions", size, middle(making), last),
                Line.of(first.getKey() + " beside", size, middle(beside), last),
                Line.of(first.getKey() + " alone", size, middle(alone), last));
    }

    /** The one in the middle by its 99th percentile. */
    private static HttpLoad.Result middle(List<HttpLoad.Result> rounds) {
        var sorted = new ArrayList<>(rounds);
        sorted.sort(Comparator.comparingDouble(result -> result.others().p99()));
        return sorted.get(sorted.size() / 2);
    }

    /**
     * What {@code --json} prints.
     *
     * @param rate 0: as fast as it goes
     */
    record Document(Map<String, Object> machine, int concurrency, double rate, List<Line> lines) {}

    /**
     * A server at one size; times in microseconds.
     *
     * @param ofLast reads a second as a share of those of the last server
     */
    record Line(
            String server,
            int size,
            double readsPerSecond,
            double p50,
            double p99,
            Map<String, Long> failures,
            double ofLast) {
        static Line of(String server, int size, HttpLoad.Result result, double last) {
            var all = result.others().count() > result.first().count() ? result.others() : result.first();
            return new Line(
                    server,
                    size,
                    Figures.round(result.perSecond()),
                    all.p50(),
                    all.p99(),
                    result.failures(),
                    Math.round(100 * result.perSecond() / last) / 100.0);
        }

        List<String> row() {
            return List.of(
                    server,
                    Integer.toString(size),
                    String.format(Locale.ROOT, "%.0f", readsPerSecond),
                    String.format(Locale.ROOT, "%.0f us", p50),
                    String.format(Locale.ROOT, "%.0f us", p99),
                    failures.isEmpty() ? "0" : failures.toString(),
                    String.format(Locale.ROOT, "%.2f", ofLast));
        }
    }
}
