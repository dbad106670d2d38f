// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.client.TintypeClient;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** When a cluster can be used: every node is live, every shard is led, and the directory answers. */
final class Readiness {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration PER_TRY = Duration.ofSeconds(2);
    private static final int POLL_MILLIS = 50;

    private Readiness() {}

    /**
     * Waits for it.
     *
     * @param giveUp ends the waiting early, when the process is told to stop
     * @return false when it was ended early
     * @throws CommandFailure UNAVAILABLE, saying what is missing, after 90 s
     */
    static boolean await(String server, int nodes, CountDownLatch giveUp) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (var client = TintypeClient.builder()
                .seeds(server)
                .requestTimeout(PER_TRY)
                .nearCacheBytes(0)
                .build()) {
            var missing = missing(client, nodes);
            while (!missing.isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new CommandFailure(
                            ExitCode.UNAVAILABLE, "not ready after " + PATIENCE.toSeconds() + " s: " + missing);
                }
                if (giveUp.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    return false;
                }
                missing = missing(client, nodes);
            }
            return true;
        }
    }

    /** What is still missing, in words; empty: nothing. */
    private static String missing(TintypeClient client, int nodes) {
        try {
            long live = client.admin().nodes().stream()
                    .filter(node -> node.node().live())
                    .count();
            if (live < nodes) {
                return "only " + live + " of " + nodes + " storage nodes are live";
            }
            List<ShardInfo> shards = client.admin().shards();
            if (shards.stream().noneMatch(ShardInfo::directory)
                    || shards.stream().allMatch(ShardInfo::directory)) {
                return "the first shards are not made yet";
            }
            var unled = shards.stream()
                    .filter(shard -> shard.primary().isEmpty())
                    .map(shard -> shard.id().value())
                    .toList();
            return unled.isEmpty() ? missingDirectory(client) : "shards without a primary: " + unled;
        } catch (TintypeException e) {
            return e.reason() + ": " + e.getMessage();
        }
    }

    private static String missingDirectory(TintypeClient client) {
        try {
            client.users().lookup("tintype-readiness-probe");
            return "";
        } catch (TintypeException e) {
            return e.reason() == Reason.USER_NOT_FOUND ? "" : "the directory does not answer: " + e.getMessage();
        }
    }
}
