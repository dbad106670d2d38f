// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What shards cost that nobody uses: three nodes in processes of their own, each with a replica of 200 shards, some of
 * which it leads. Measures for {@code -Didle.seconds=30}, and only where that is set; wants the machine for itself.
 */
@EnabledIfSystemProperty(named = "idle.seconds", matches = "\\d+")
final class IdleShardsIT {
    private static final int SHARDS = 200;
    private static final Duration SOON = Duration.ofMinutes(5);

    /** Ticks of the kernel's clock in a second, as {@code /proc} counts. */
    private static final int HERTZ = 100;

    /** Leads of a node for which that holds: those who came first may have more. */
    private static final int MOST_LED = SHARDS * 2 / 5;

    /** Of one core. */
    private static final double MOST = 0.02;

    @Test
    void twoHundredIdleShardsTakeLessThanTwoHundredthsOfACore() throws Exception {
        int seconds = Integer.getInteger("idle.seconds", 30);
        try (var dev = Dev.start(
                        Dev.folder("idle").resolve("data"), "--processes", "--nodes", "3", "--jvm-option=-Xmx256m");
                var client = TintypeClient.builder().seeds(dev.server()).build()) {
            int there = client.admin().shards().size();
            var added = Command.run(
                    dev.server(),
                    "pool",
                    "create",
                    "local.cold",
                    "--replicas",
                    "3",
                    "--shards",
                    Integer.toString(SHARDS - there));
            assertThat(added.code()).as("%s", added).isZero();
            Awaitility.await("all shards are whole").atMost(SOON).until(() -> {
                var shards = client.admin().shards();
                return shards.size() == SHARDS
                        && shards.stream().allMatch(shard -> shard.inSync().size() == 3);
            });
            for (boolean warm : new boolean[] {false, true}) {
                double[] before = used(dev);
                // There is nothing to wait for but time.
                TimeUnit.SECONDS.sleep(seconds);
                double[] after = used(dev);
                var leads = client.admin().shards().stream()
                        .collect(Collectors.groupingBy(
                                shard -> shard.primary().orElseThrow().value(), Collectors.counting()));
                for (int i = 0; i < after.length; i++) {
                    var node = dev.file().nodes().get(i).id();
                    long led = leads.getOrDefault(node, 0L);
                    double share = (after[i] - before[i]) / seconds;
                    System.out.printf(
                            "%d idle shards, node %s, which leads %d, %s: %.2f %% of a core%n",
                            SHARDS, node, led, warm ? "warm" : "warming up", share * 100);
                    if (warm && led <= MOST_LED) {
                        assertThat(share).as(node).isLessThan(MOST);
                    }
                }
            }
        }
    }

    /** Seconds of CPU that each node has used. */
    private static double[] used(Dev dev) throws IOException {
        var nodes = dev.file().nodes();
        var used = new double[nodes.size()];
        for (int i = 0; i < used.length; i++) {
            var stat =
                    Files.readString(Path.of("/proc", Long.toString(nodes.get(i).pid()), "stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            used[i] = (Double.parseDouble(fields[11]) + Double.parseDouble(fields[12])) / HERTZ;
        }
        return used;
    }
}
