// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.SetNodeIntentRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Three nodes become five, four and three again (two join, one is drained, one is killed) while clients read, overwrite and
 * delete: no read fails or is wrong, readers hardly notice, and what plans foretold is what came.
 *
 * <p>{@code -Drebalance.growth=1024} stores so many MiB and measures; the table goes to {@code
 * target/system/growth.txt}, and what happened second by second to {@code growth-seconds.txt} beside it. {@code -Drebalance.growth.rate=8388608} is what a node
 * sends, and takes in, at most. {@code -Drebalance.growth.rounds=2} has it all happen twice: the second time, only the nodes that join are
 * new to it.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(named = "rebalance.growth", matches = "[1-9][0-9]*")
final class GrowthIT {
    private static final long SEED = 20_261_129;
    private static final Duration LONG = Duration.ofMinutes(15);
    private static final int BLOB_BYTES = 64 << 10;
    private static final int BLOBS_A_MIB = (1 << 20) / BLOB_BYTES;
    private static final int READERS = 4;
    private static final int READS_PER_SECOND = 100;
    private static final int QUIET_READS = 2_500;
    private static final int REPLICAS = 3;

    /** As operators run servers: what is used much is compiled well, and memory is tidied up without stopping for long. */
    private static final List<String> SERVER =
            List.of("-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC", "-Xmx1g");

    private static final int JOINING_NODES = 2;
    private static final double KNOWN_SECONDS = 600;

    /** The part of all replicas that nodes get that join three. */
    private static final double JOINING = 0.4;

    private static final double MILLI = 1_000;

    private static final double BYTES_OFF = 0.02;
    private static final double TIME_OFF = 0.20;

    private final List<String> table = new ArrayList<>();
    private final List<String> misses = new ArrayList<>();
    private final List<String> seen = new CopyOnWriteArrayList<>();

    /** The nodes that join, by what becomes of them. */
    private record Joining(String killed, String drained) {}

    private record Foretold(long bytes, long seconds) {}

    @Test
    void plansForetellWhatTheyTakeAndReadersHardlyNotice() throws Exception {
        int mib = Integer.getInteger("rebalance.growth");
        long rate = Long.getLong("rebalance.growth.rate", 8 << 20);
        var settings = Map.of(
                "TINTYPE_CONFIG_CONTROL_BALANCE_REPLACE_AFTER", "6s",
                "TINTYPE_CONFIG_CONTROL_BALANCE_HEADROOM_PERCENT", "1",
                "TINTYPE_CONFIG_CONTROL_BALANCE_BYTES_PER_SECOND", Long.toString(rate),
                "TINTYPE_CONFIG_CONTROL_INITIAL_SHARDS", "12");
        try (var fleet = Fleet.start("growth", settings)) {
            for (var node : List.of("n1", "n2", "n3")) {
                fleet.node(node, SERVER);
            }
            fleet.coordinator("c1", "control,upload,retrieval", Map.of(), SERVER);
            try (var client = fleet.client("c1");
                    var load = new MixedLoad(client, SEED, mib * BLOBS_A_MIB, BLOB_BYTES)) {
                var overview = new Overview(client, LONG);
                overview.awaitSafe();
                load.fill(6);
                load.tellOfSlowReads(seen::add);
                load.begin(READERS, READS_PER_SECOND);
                settle(load, mib, rate);
                line("", "bytes", "planned", "off", "seconds", "planned", "off", "reads", "p99 ms", "before", "ratio");

                try (var seconds = Timeline.begin(load, client, fleet::processes, seen)) {
                    seconds.mark(mib + " MiB in blobs of " + BLOB_BYTES + " bytes");
                    for (int round = 0; round < Integer.getInteger("rebalance.growth.rounds", 1); round++) {
                        var joining = new Joining("n" + (4 + 2 * round), "n" + (5 + 2 * round));
                        join(joining, fleet, client, overview, load);
                        drain(joining.drained(), fleet, client, overview, load);
                        die(joining.killed(), fleet, client, overview, load);
                    }
                }
                load.checkAll();
                assertThat(load.bad()).as("seed %d", SEED).isEmpty();
                table.add(load.reads() + " reads, none failed or wrong; " + load.writes() + " writes, of "
                        + load.unknownWrites() + " of which nobody knows");
            } finally {
                Files.write(Path.of("target", "system", "growth.txt"), table);
                Files.write(Path.of("target", "system", "growth-seconds.txt"), seen);
                table.forEach(System.out::println);
            }
            assertThat(misses).isEmpty();
        }
    }

    private void join(Joining nodes, Fleet fleet, TintypeClient client, Overview overview, MixedLoad load)
            throws Exception {
        fleet.node(nodes.killed(), SERVER);
        fleet.node(nodes.drained(), SERVER);
        var before = quiet(load);
        var made = overview.awaitPlan(
                "a plan that uses the new nodes",
                MakePlanRequest.getDefaultInstance(),
                plan -> plan.getAfterList().stream().allMatch(node -> node.getReplicas() > 0));
        carryOut("3 to 5: two join", client, overview, load, before, made);
        assertThat(overview.holders()).containsExactlyInAnyOrder("n1", "n2", "n3", nodes.killed(), nodes.drained());
    }

    private void drain(String node, Fleet fleet, TintypeClient client, Overview overview, MixedLoad load)
            throws Exception {
        var before = quiet(load);
        var made = client.balancing()
                .makePlan(MakePlanRequest.newBuilder().setDrain(node).build());
        var unused = client.balancing()
                .want(SetNodeIntentRequest.newBuilder()
                        .setNode(node)
                        .setDraining(true)
                        .build());
        carryOut("5 to 4: one is drained", client, overview, load, before, made);
        assertThat(overview.holders()).doesNotContain(node);
        fleet.stop(node);
        overview.forget(node);
    }

    private void die(String node, Fleet fleet, TintypeClient client, Overview overview, MixedLoad load)
            throws Exception {
        var before = quiet(load);
        seen.add("4 to 3: one is killed");
        var known = repairs(client, Set.of());
        fleet.kill(node);
        var repair = Awaitility.await("the controller begins to make anew what " + node + " held")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> repairs(client, known), found -> !found.isEmpty())
                .iterator()
                .next();
        // Until others led what n4 had led, its readers waited: that is the death's doing, not the repair's.
        var death = load.times();
        var over = overview.awaitOver(repair);
        measured("4 to 3: one is killed", load, before, new Foretold(over.getBytes(), over.getExpectedSeconds()), over);
        table.add(String.format(
                Locale.ROOT,
                "the death itself: of %d reads the longest took %.1f s",
                death.getTotalCount(),
                death.getMaxValue() / MILLI / MILLI));
        overview.awaitHolders(Set.of("n1", "n2", "n3"));
        overview.forget(node);
    }

    /** Of the plans that make anew what dead nodes held, those that have begun, but for some. */
    private static Set<String> repairs(TintypeClient client, Set<String> known) {
        return client.balancing().plans().stream()
                .filter(Plan::getRepair)
                .filter(plan -> plan.getStartedAtMs() != 0)
                .map(Plan::getId)
                .filter(plan -> !known.contains(plan))
                .collect(Collectors.toSet());
    }

    private void carryOut(
            String what,
            TintypeClient client,
            Overview overview,
            MixedLoad load,
            Histogram before,
            MakePlanResponse made) {
        var unused = load.times();
        seen.add(what + ": " + reckoned(made));
        var over = overview.awaitOver(
                client.balancing().apply(made.getPlan().getId()).getId());
        assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
        assertThat(over.getNotDone()).isZero();
        measured(
                what,
                load,
                before,
                new Foretold(made.getPlan().getBytes(), made.getPlan().getExpectedSeconds()),
                over);
        overview.awaitSafe();
    }

    /** By what the time was foretold. */
    private static String reckoned(MakePlanResponse made) {
        return made.toBuilder()
                .clearPlan()
                .clearBefore()
                .clearAfter()
                .build()
                .toString()
                .replaceAll("\\s+", " ");
    }

    private void measured(String what, MixedLoad load, Histogram before, Foretold foretold, Plan over) {
        var during = load.times();
        double seconds = (over.getFinishedAtMs() - over.getStartedAtMs()) / MILLI;
        double bytesOff = (double) over.getMovedBytes() / foretold.bytes() - 1;
        double timeOff = seconds / foretold.seconds() - 1;
        double p99 = during.getValueAtPercentile(99) / MILLI;
        double quiet = before.getValueAtPercentile(99) / MILLI;
        line(
                what,
                Long.toString(over.getMovedBytes()),
                Long.toString(foretold.bytes()),
                String.format(Locale.ROOT, "%+.1f %%", 100 * bytesOff),
                String.format(Locale.ROOT, "%.1f", seconds),
                Long.toString(foretold.seconds()),
                String.format(Locale.ROOT, "%+.0f %%", 100 * timeOff),
                Long.toString(during.getTotalCount()),
                String.format(Locale.ROOT, "%.1f", p99),
                String.format(Locale.ROOT, "%.1f", quiet),
                String.format(Locale.ROOT, "%.2f", p99 / quiet));
        expect(Math.abs(bytesOff) <= BYTES_OFF, what + ": bytes are off by " + bytesOff);
        expect(Math.abs(timeOff) <= TIME_OFF, what + ": the time is off by " + timeOff);
        expect(p99 < 2 * quiet, what + ": p99 of reads is " + p99 + " ms, and was " + quiet);
    }

    private void expect(boolean holds, String otherwise) {
        if (!holds) {
            misses.add(otherwise);
        }
    }

    private void line(String... cells) {
        table.add("| " + String.join(" | ", cells) + " |");
    }

    /**
     * A plan foresees what is written for as long as it knows how much was, ten minutes at most: until that is as long as the first one
     * takes, which is twice what its copies would take if all nodes sent and took in all the while.
     */
    private static void settle(MixedLoad load, int mib, long rate) {
        double copying = JOINING * REPLICAS * mib * (1 << 20) / (JOINING_NODES * rate);
        long goal = load.reads() + (long) (READS_PER_SECOND * Math.min(2 * copying, KNOWN_SECONDS));
        Awaitility.await("a load that is known").atMost(LONG).until(() -> load.reads() >= goal);
    }

    /** How reads fare while nothing moves. */
    private Histogram quiet(MixedLoad load) {
        var unused = load.times();
        seen.add("nothing moves");
        long goal = load.reads() + QUIET_READS;
        Awaitility.await("reads in quiet times").atMost(LONG).until(() -> load.reads() >= goal);
        return load.times();
    }
}
