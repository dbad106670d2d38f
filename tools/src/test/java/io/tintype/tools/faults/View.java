// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.client.ReplicaStatus;
import io.tintype.client.TintypeClient;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.awaitility.Awaitility;

/** How the cluster looks to an operator. Used by one thread. */
final class View implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final String PRIMARY = "PRIMARY";
    private static final Duration FIRST_LOOK = Duration.ofMillis(1);

    private final FaultCluster cluster;
    private final TintypeClient client;
    private List<ShardInfo> known = List.of();
    private String missing = "nothing was asked yet";

    View(FaultCluster cluster) {
        this.cluster = cluster;
        this.client = cluster.client();
    }

    /** The node that leads most shards of data, as far as is known. */
    Site busiest() {
        refresh();
        return cluster.nodes().stream().max(Comparator.comparingLong(this::led)).orElseThrow();
    }

    /**
     * Waits until every node is live, every shard has a primary and all its replicas in sync, and the directory answers.
     *
     * @return how long that took
     */
    Duration awaitWhole() {
        long from = System.nanoTime();
        try {
            Awaitility.await("the cluster is whole")
                    .atMost(PATIENCE)
                    .pollDelay(FIRST_LOOK)
                    .pollInterval(POLL)
                    .until(this::isWhole);
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError("not whole after " + PATIENCE.toSeconds() + " s: " + missing, e);
        }
        return Duration.ofNanos(System.nanoTime() - from);
    }

    @Override
    public void close() {
        client.close();
    }

    private boolean isWhole() {
        missing = whatIsMissing();
        return missing.isEmpty();
    }

    private String whatIsMissing() {
        if (!refresh()) {
            return missing;
        }
        if (known.stream().noneMatch(ShardInfo::directory) || known.stream().allMatch(ShardInfo::directory)) {
            return "the first shards are not made yet";
        }
        var notWhole = known.stream()
                .filter(shard -> shard.primary().isEmpty()
                        || shard.inSync().size() < cluster.nodes().size())
                .toList();
        return notWhole.isEmpty() ? replicas() + directory() : "shards that are not whole: " + notWhole;
    }

    /** What the replicas themselves say, since a map may be old. */
    private String replicas() {
        try {
            for (var shard : known) {
                var replicas = client.admin().shard(shard.id()).replicas();
                boolean whole = replicas.stream()
                                .allMatch(replica -> replica.error().isEmpty()
                                        && replica.epoch() == replicas.get(0).epoch())
                        && replicas.stream()
                                        .map(ReplicaStatus::state)
                                        .filter(PRIMARY::equals)
                                        .count()
                                == 1;
                if (!whole) {
                    return "replicas of shard " + shard.id().value() + ": " + replicas;
                }
            }
            return "";
        } catch (TintypeException e) {
            return e.reason() + ": " + e.getMessage();
        }
    }

    private String directory() {
        try {
            client.users().lookup("nobody");
            return "";
        } catch (TintypeException e) {
            return e.reason() == Reason.USER_NOT_FOUND ? "" : "the directory: " + e.getMessage();
        }
    }

    /** Whether the map could be had, with all nodes live. */
    private boolean refresh() {
        try {
            known = client.admin().shards();
            long live = client.admin().nodes().stream()
                    .filter(node -> node.node().live())
                    .count();
            missing = "only " + live + " nodes are live";
            return live >= cluster.nodes().size();
        } catch (TintypeException e) {
            missing = e.reason() + ": " + e.getMessage();
            return false;
        }
    }

    private long led(Site node) {
        return known.stream()
                .filter(shard -> !shard.directory())
                .filter(shard -> shard.primary().map(NodeId::value).orElse("").equals(node.name()))
                .count();
    }
}
