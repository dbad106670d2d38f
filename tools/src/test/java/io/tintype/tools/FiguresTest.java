// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What figures there are, by the sources: none is made without a text that says what it means, and whatever can wait in a server has
 * one. Every class that makes a queue stands in the table of docs/metrics.md with a figure that there is, or below with the reason
 * why nothing waits there.
 */
final class FiguresTest {
    private static final Path ROOT = Path.of("..");
    private static final List<String> SERVERS = List.of("storage-node", "coordinator/server", "coordinator/cluster");
    private static final Pattern MADE = Pattern.compile(
            "new (?:\\w*BlockingQueue|\\w*Deque|ConcurrentLinkedQueue|PriorityQueue|Semaphore|\\w*ThreadPool"
                    + "|\\w*ThreadPoolExecutor)\\b|Executors\\.new\\w+");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| (?:node|coordinator): .*?\\((`.*)\\) \\|.*\\| `(tintype_\\w+)"
                    + "(?:\\{queue=\"(\\w+)\"})?` \\|$");
    private static final Pattern QUEUE = Pattern.compile("queue=\"(\\w+)\"");
    private static final Pattern CODE = Pattern.compile("`(\\w+)`");
    private static final Pattern BOUND = Pattern.compile("Queues\\.bind\\(\\s*[\\w.()]+,\\s*\"(\\w+)\"");

    private static final Pattern METER = Pattern.compile(
            "(?s)\\b(?:Gauge|TimeGauge|Counter|FunctionCounter|Timer|FunctionTimer|LongTaskTimer|DistributionSummary)"
                    + "\\s*\\.builder\\(.*?\\.register\\(");
    private static final Pattern OTHERWISE_MADE =
            Pattern.compile("registry\\s*\\.(?:counter|gauge\\w*|timer|summary|more)\\(");

    private static final String TIMER = "a timer: what it holds is due later, and stands still for nobody";
    private static final String ONE_READ = "parts of one read or answer, whose bytes are counted where they are held";
    private static final String PAST = "what was: the oldest goes as the newest comes";
    private static final String PLANNING = "steps of a plan that is being put in order, by one thread at once";
    private static final String CLOSING = "what is to be closed, the last first";

    /** Classes that make what looks like a queue, and in which nothing waits for anything. */
    private static final Map<String, String> NOTHING_WAITS = Map.ofEntries(
            Map.entry("Coordinator", CLOSING),
            Map.entry("Closing", CLOSING),
            Map.entry("StoreOptions", CLOSING),
            Map.entry("Balancer", TIMER),
            Map.entry("Controller", TIMER),
            Map.entry("SerialLoop", TIMER),
            Map.entry("SigningKeys", TIMER),
            Map.entry("NodeHealth", TIMER),
            Map.entry("Stalls", TIMER),
            Map.entry("HeartbeatSender", TIMER),
            Map.entry("MoveWatch", TIMER),
            Map.entry("PieceSearch", ONE_READ),
            Map.entry("RenditionReader", ONE_READ),
            Map.entry("SpanSender", ONE_READ),
            Map.entry("Window", "chunks of one copy that are under way: as many as it says, and the copy waits itself"),
            Map.entry("Turns", PLANNING),
            Map.entry("CopyOrder", PLANNING),
            Map.entry("Progress", PAST),
            Map.entry("Allowance", PAST),
            Map.entry("Events", PAST),
            Map.entry("HeadWatches", PAST),
            Map.entry("LogTail", PAST),
            Map.entry("VerificationService", "nobody waits for a place: who finds none is refused"),
            Map.entry("ZnodeTree", "znodes that changed and are read again, each once, a few at a time"),
            Map.entry("ChunkArrays", "idle arrays"),
            Map.entry("SrgbColours", "idle transforms of colours"),
            Map.entry("Committer", "idle encoders; what waits for it is in CommitQueue"),
            Map.entry("ReplicaLoop", "what the core has just said is to be done, on the same thread at once"),
            Map.entry("ChunkRepair", "whom else to ask for a damaged chunk"),
            Map.entry("KeySearch", "the checker of histories, which no server runs"),
            Map.entry("HistoryRecorder", "the checker of histories, which no server runs"));

    @Test
    void whateverCanWaitHasAFigure() throws IOException {
        var figures = figuresByClass();
        var unknown = new ArrayList<String>();
        var used = new TreeSet<String>();
        for (var source : sources()) {
            var name = source.getFileName().toString().replace(".java", "");
            if (MADE.matcher(Files.readString(source)).find()) {
                if (figures.containsKey(name) || NOTHING_WAITS.containsKey(name)) {
                    used.add(name);
                } else {
                    unknown.add(source.toString());
                }
            }
        }
        assertThat(unknown)
                .as("classes that make a queue and are neither in the table of docs/metrics.md nor in this test")
                .isEmpty();
        assertThat(used).as("what needs no figure is there").containsAll(NOTHING_WAITS.keySet());
        assertThat(used.size() - NOTHING_WAITS.size()).as("queues with figures").isGreaterThanOrEqualTo(15);
    }

    @Test
    void everyFigureOfTheTableIsTold() throws IOException {
        var document = Files.readString(ROOT.resolve("docs/metrics.md"));
        assertThat(figuresByClass().values())
                .isNotEmpty()
                .allSatisfy(figure -> assertThat(document).containsPattern("(?m)^\\| `" + figure + "[`{]"));
        var listed = ROW.matcher(document)
                .results()
                .flatMap(row -> QUEUE.matcher(row.group()).results())
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        var bound = new TreeSet<String>();
        for (var source : sources()) {
            BOUND.matcher(Files.readString(source))
                    .results()
                    .map(found -> found.group(1))
                    .forEach(bound::add);
        }
        assertThat(listed).as("queues of tintype_queue_waiting").isEqualTo(bound);
    }

    @Test
    void noFigureIsMadeWithoutATextThatSaysWhatItMeans() throws IOException {
        int made = 0;
        for (var source : sources()) {
            var text = Files.readString(source);
            assertThat(OTHERWISE_MADE.matcher(text).results().map(MatchResult::group))
                    .as("figures made in a way that takes no text, in %s", source)
                    .isEmpty();
            for (var meter : METER.matcher(text).results().toList()) {
                made++;
                assertThat(meter.group()).as("%s", source).contains(".description(");
            }
        }
        assertThat(made).as("places where figures are made").isGreaterThan(25);
    }

    private static Map<String, String> figuresByClass() throws IOException {
        var figures = new TreeMap<String, String>();
        for (MatchResult row : ROW.matcher(Files.readString(ROOT.resolve("docs/metrics.md")))
                .results()
                .toList()) {
            CODE.matcher(row.group(1)).results().forEach(name -> figures.put(name.group(1), row.group(2)));
        }
        return figures;
    }

    private static List<Path> sources() throws IOException {
        var all = new ArrayList<Path>();
        for (var module : SERVERS) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(all::add);
            }
        }
        return all;
    }
}
