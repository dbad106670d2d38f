// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.micrometer.core.instrument.Tag;
import io.tintype.storage.replica.ReplicaState;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** The levels that the replicas of a node show monitoring, read when it asks. Stateless. */
final class HostLevels {
    private HostLevels() {}

    static void register(ShardContext context, ShardRegistry registry, ShardOpener opener) {
        var metrics = context.metrics();
        metrics.gauge(
                "tintype.shards",
                "Replicas that run on this node",
                () -> registry.running().size());
        metrics.gauge(
                "tintype.shards.leading", "Shards that this node leads", () -> count(registry, ShardStatus::leads));
        metrics.gauge(
                "tintype.shards.unhealthy",
                "Replicas on this node that cannot do their part: no primary heard, catching up, or failed",
                () -> count(registry, status -> !status.serving()));
        for (var state : ReplicaState.values()) {
            metrics.gauge(
                    "tintype.replicas",
                    "Replicas on this node by what they do",
                    Tag.of("state", state.name().toLowerCase(Locale.ROOT)),
                    () -> count(registry, status -> status.state() == state));
        }
        metrics.gauge(
                "tintype.leases.held",
                "Shards led here of which this node may answer reads without asking anybody",
                () -> registry.running().stream()
                        .filter(shard -> shard.board().servingEpoch != 0
                                && shard.board().permit.isValid(context.clock().now()))
                        .count());
        metrics.gauge(
                "tintype.shard.io.waiting",
                "Reads for followers, lookups of chunks and collections that wait for a thread, of at most "
                        + ShardThreads.IO_QUEUE,
                () -> context.threads().ioWaiting());
        metrics.gauge(
                "tintype.shard.loop.waiting",
                "Shards that have something to do and wait for the thread that does it",
                () -> context.threads().loopsWaiting());
        metrics.gauge(
                "tintype.shard.opener.waiting",
                "Replicas that wait to be opened, rebuilt or dropped, one after the other",
                opener::waiting);
        metrics.gauge(
                "tintype.shard.apply.waiting",
                "Shards that have committed changes to apply and wait for a thread",
                () -> context.threads().applyWaiting());
        metrics.gauge(
                "tintype.replication.lag.records",
                "Records that the follower furthest behind has not been sent yet, over all shards led here",
                () -> most(registry, shard -> shard.board().behind));
        metrics.gauge(
                "tintype.apply.lag.records",
                "Committed records that the replica furthest behind on this node has not applied yet",
                () -> most(
                        registry,
                        shard -> shard.status().committedSeq() - shard.applied().seq()));
        metrics.gauge(
                "tintype.proposals.bytes",
                "Bytes of changes in flight on this node, of at most "
                        + context.budgets().proposals().limit(),
                () -> context.budgets().proposals().taken());
        metrics.gauge(
                "tintype.staging.bytes",
                "Bytes of chunks being staged on this node, of at most "
                        + context.budgets().staging().limit(),
                () -> context.budgets().staging().taken());
        metrics.gauge(
                "tintype.replicas.installing",
                "Replicas on this node that install a snapshot, or wait for one",
                () -> count(registry, status -> status.state() == ReplicaState.INSTALLING));
        metrics.gauge(
                "tintype.replicas.failed.now",
                "Replicas on this node that have failed and do not run. Needs attention if it stays",
                () -> count(registry, status -> status.failure().isPresent())
                        + opener.broken().size());
        metrics.gauge(
                "tintype.snapshots.installing.bytes",
                "Bytes that came of the snapshots being installed on this node",
                () -> context.snapshots().installedBytes());
        metrics.gauge(
                "tintype.snapshots.installing.expected.bytes",
                "Bytes that the snapshots being installed on this node have, about",
                () -> context.snapshots().expectedBytes());
        metrics.gauge(
                "tintype.tails.bytes",
                "Bytes of newest records kept in memory for followers, of at most "
                        + context.budgets().tails().limit(),
                () -> context.budgets().tails().taken());
    }

    private static long count(ShardRegistry registry, Predicate<ShardStatus> which) {
        return registry.running().stream()
                .map(ShardRuntime::status)
                .filter(which)
                .count();
    }

    private static long most(ShardRegistry registry, ToLongFunction<ShardRuntime> what) {
        return registry.running().stream().mapToLong(what).max().orElse(0);
    }
}
