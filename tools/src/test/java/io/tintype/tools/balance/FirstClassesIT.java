// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.PlanState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A node joins, is copied to, leads and serves, and tells which classes it loads meanwhile.
 *
 * <p>{@code -Dfirst.classes=check} holds that the first two seconds of its first copy need few classes that were not loaded ahead;
 * {@code -Dfirst.classes=FILE} writes down which a node needs that loads none ahead: the list {@code first-classes.txt} of the
 * storage node, which is to be recorded anew when its code has changed much.
 */
@EnabledIfSystemProperty(named = "first.classes", matches = ".+")
final class FirstClassesIT {
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final int BLOBS = 400;
    private static final int BLOB_BYTES = 16 << 10;

    /** Without any loaded ahead it was six hundred and more. */
    private static final int FEW = 120;

    private static final double FIRST_SECONDS = 2;

    /** {@code [26.812s] io.grpc.Foo source: file:/…}: a class with a name, and when it was loaded. */
    private static final Pattern LOADED =
            Pattern.compile("\\[([0-9.]+)s\\] ([A-Za-z][A-Za-z0-9_.$]*) source: (?:file:|jrt:).*");

    private static final Pattern HIDDEN = Pattern.compile("\\[([0-9.]+)s\\] \\S+/0x[0-9a-f]+ source: .*");
    private static final Pattern INITIALISED =
            Pattern.compile("\\[([0-9.]+)s\\].* Initializing '([A-Za-z][A-Za-z0-9_/$]*)'.*");

    @Test
    void theFirstCopyNeedsFewClasses() throws Exception {
        String what = System.getProperty("first.classes");
        boolean checks = what.equals("check");
        var settings = Map.of(
                "TINTYPE_CONFIG_CONTROL_BALANCE_HEADROOM_PERCENT", "1",
                "TINTYPE_CONFIG_CONTROL_INITIAL_SHARDS", "12");
        try (var fleet = Fleet.start("classes", settings)) {
            for (var node : List.of("n1", "n2", "n3")) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            try (var client = fleet.client("c1");
                    var load = new MixedLoad(client, 1, BLOBS, BLOB_BYTES)) {
                new Overview(client, LONG).awaitSafe();
                load.fill(4);
                load.begin(2, 40);
                var log = fleet.folder().resolve("n4.classes");
                fleet.node("n4", options(fleet, log, checks));
                double ready = last(log);
                grow(client);
                assertThat(load.bad()).isEmpty();

                var first = loaded(log).tailMap(ready, false);
                if (checks) {
                    held(log, ready);
                } else {
                    write(Path.of(what), log, first);
                }
            }
        }
    }

    private static List<String> options(Fleet fleet, Path log, boolean checks) throws IOException {
        var options = new ArrayList<>(List.of("-Xlog:class+load,class+init:file=" + log + ":uptime:filecount=0"));
        if (!checks) {
            var none = fleet.folder().resolve("none/io/tintype/storage/node/first-classes.txt");
            Files.createDirectories(none.getParent());
            Files.writeString(none, "");
            options.addAll(List.of("-cp", fleet.folder().resolve("none") + ":" + Fleet.classPath()));
        }
        return options;
    }

    private static void grow(TintypeClient client) {
        var overview = new Overview(client, LONG);
        var made = overview.awaitPlan(
                "a plan that uses the new node",
                MakePlanRequest.getDefaultInstance(),
                plan -> plan.getAfterList().stream()
                        .allMatch(node -> node.getReplicas() > 0 && node.getPrimaries() > 0));
        var over = overview.awaitOver(
                client.balancing().apply(made.getPlan().getId()).getId());
        assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
        assertThat(over.getNotDone()).isZero();
    }

    /** Of those two seconds in which most are loaded. */
    private static void held(Path log, double ready) throws IOException {
        var named = loaded(log).tailMap(ready, false);
        double from = named.keySet().stream()
                .max(Comparator.comparingLong(at -> within(named, at)))
                .orElse(ready);
        long hidden = times(log, HIDDEN).stream()
                .filter(at -> at >= from && at < from + FIRST_SECONDS)
                .count();
        System.out.printf(
                "ready after %.1f s; in the two seconds from %.1f s: %d named classes and %d hidden ones%n",
                ready, from, within(named, from), hidden);
        assertThat(within(named, from)).as("%s", named).isLessThan(FEW);
    }

    private static long within(Map<Double, List<String>> named, double from) {
        return named.entrySet().stream()
                .filter(entry -> entry.getKey() >= from && entry.getKey() < from + FIRST_SECONDS)
                .mapToLong(entry -> entry.getValue().size())
                .sum();
    }

    private static NavigableMap<Double, List<String>> loaded(Path log) throws IOException {
        var found = new TreeMap<Double, List<String>>();
        for (var line : Files.readAllLines(log)) {
            var match = LOADED.matcher(line);
            if (match.matches()) {
                found.computeIfAbsent(Double.valueOf(match.group(1)), at -> new ArrayList<>())
                        .add(match.group(2));
            }
        }
        return found;
    }

    private static List<Double> times(Path log, Pattern pattern) throws IOException {
        return Files.readAllLines(log).stream()
                .map(pattern::matcher)
                .filter(match -> match.matches())
                .map(match -> Double.valueOf(match.group(1)))
                .toList();
    }

    private static double last(Path log) throws IOException {
        var lines = loaded(log);
        return lines.isEmpty() ? 0 : lines.lastKey();
    }

    private static void write(Path file, Path log, Map<Double, List<String>> first) throws IOException {
        var initialised = Files.readAllLines(log).stream()
                .map(INITIALISED::matcher)
                .filter(match -> match.matches())
                .map(match -> match.group(2).replace('/', '.'))
                .collect(Collectors.toSet());
        var names = new TreeSet<String>();
        first.values().forEach(names::addAll);
        names.retainAll(initialised);
        names.removeIf(name -> name.startsWith("io.tintype.tools.")
                || name.startsWith("com.sun.")
                || !(name.startsWith("io.") || name.startsWith("com.") || name.startsWith("org.")));
        var lines = new ArrayList<String>();
        lines.add("# Recorded by FirstClassesIT.");
        lines.addAll(names);
        Files.write(file, lines);
    }
}
