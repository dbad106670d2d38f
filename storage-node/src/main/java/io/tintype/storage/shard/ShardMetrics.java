// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.tintype.model.Reason;
import io.tintype.storage.blob.Outcome;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What the shards of a node tell monitoring. Thread-safe. Summed over shards, so that their number does not matter. */
public final class ShardMetrics {
    private final MeterRegistry registry;
    private final Counter committed;
    private final Counter refusedByRecord;
    private final Map<Reason, Counter> failed = new EnumMap<>(Reason.class);
    private final Timer latency;
    private final Counter staged;
    private final Counter followersMissed;
    private final Counter fetched;
    private final Counter replicasFailed;
    private final Counter snapshotsNeeded;
    private final Counter chunksDamaged;
    private final Counter chunksRepaired;
    private final Counter replicasRebuilt;
    private final Counter replicasDropped;
    private final Counter recordsTrimmed;
    private final Counter snapshotsInstalled;
    private final Counter snapshotsFailed;
    private final Counter snapshotBytesSent;
    private final Counter elections;
    private final Counter collectedChunks;
    private final Counter leasesMissed;
    private final Counter joined;
    private final Counter left;

    public ShardMetrics(MeterRegistry registry) {
        this.registry = registry;
        committed =
                counter("tintype.proposals.committed", "Changes committed on all in-sync replicas and applied here");
        refusedByRecord = counter(
                "tintype.proposals.conflicted", "Changes that were committed and refused at apply, such as conditions");
        for (var reason : Reason.values()) {
            failed.put(
                    reason,
                    Counter.builder("tintype.proposals.failed")
                            .description("Changes that were not committed, by reason")
                            .tag("reason", reason.name())
                            .register(registry));
        }
        latency = Timer.builder("tintype.commit.latency")
                .description("Time from a proposal to its commit on all in-sync replicas and apply here")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(100_000))
                .maximumExpectedValue(Duration.ofSeconds(10))
                .register(registry);
        staged = counter("tintype.chunks.staged", "Chunks of larger blobs staged here as primary");
        followersMissed = counter(
                "tintype.chunks.staging.missed", "Chunks a follower did not take in time; it fetches them by itself");
        fetched = counter("tintype.chunks.fetched", "Chunks that replicas here lacked and fetched from their primary");
        replicasFailed = counter(
                "tintype.replicas.failed",
                "Replicas here that failed: an fsync error or corrupt storage. Needs attention");
        snapshotsNeeded = counter(
                "tintype.replicas.snapshot.needed",
                "Times a replica here was too far behind its primary's log, and asked for a snapshot");
        chunksDamaged = counter(
                "tintype.chunks.damaged", "Chunks here that were found not to be what was stored. Look at the disk");
        chunksRepaired = counter("tintype.chunks.repaired", "Damaged chunks here that another replica made good");
        replicasRebuilt = counter(
                "tintype.replicas.rebuilt", "Replicas here that failed, and were wiped to be rebuilt from their peers");
        replicasDropped = counter("tintype.replicas.dropped", "Replicas here that nobody wanted any more");
        recordsTrimmed = counter("tintype.log.trimmed.records", "Old records dropped from logs here");
        snapshotsInstalled = counter("tintype.snapshots.installed", "Snapshots that replicas here installed");
        snapshotsFailed = counter(
                "tintype.snapshots.failed",
                "Snapshots that replicas here could not install, and asked for again. Needs attention if it goes on");
        snapshotBytesSent =
                counter("tintype.snapshots.sent.bytes", "Bytes of snapshots sent to replicas on other nodes");
        elections = counter("tintype.elections.won", "Times a replica here became primary");
        leasesMissed = counter(
                "tintype.leases.missed",
                "Reads at a primary here whose lease had run out, so that ZooKeeper was asked who leads");
        joined = inSyncChanges(registry, "joined");
        left = inSyncChanges(registry, "left");
        collectedChunks = counter("tintype.chunks.collected", "Chunks of replaced or abandoned uploads deleted here");
    }

    /** Registers one of several levels that a tag tells apart. */
    void gauge(String name, String description, Tag tag, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).tags(List.of(tag)).register(registry);
    }

    /** Registers a level that is read when monitoring asks. */
    void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    private static Counter inSyncChanges(MeterRegistry registry, String change) {
        return Counter.builder("tintype.insync.changes")
                .description("Replicas that joined or left the in-sync set of a shard led here")
                .tag("change", change)
                .register(registry);
    }

    void leaseMissed() {
        leasesMissed.increment();
    }

    void inSyncChanged(int came, int went) {
        joined.increment(came);
        left.increment(went);
    }

    void committed(OpenProposal proposal, Outcome outcome) {
        committed.increment();
        if (outcome instanceof Outcome.Conflict || outcome instanceof Outcome.Refused) {
            refusedByRecord.increment();
        }
        latency.record(Duration.ofNanos(System.nanoTime() - proposal.sinceNanos));
    }

    void failed(Reason reason) {
        var counter = failed.get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    void staged() {
        staged.increment();
    }

    void followerMissed() {
        followersMissed.increment();
    }

    void fetched() {
        fetched.increment();
    }

    void replicaFailed() {
        replicasFailed.increment();
    }

    void snapshotNeeded() {
        snapshotsNeeded.increment();
    }

    void chunkDamaged() {
        chunksDamaged.increment();
    }

    void chunkRepaired() {
        chunksRepaired.increment();
    }

    void replicaRebuilt() {
        replicasRebuilt.increment();
    }

    void replicaDropped() {
        replicasDropped.increment();
    }

    void trimmed(long records) {
        recordsTrimmed.increment((double) records);
    }

    void snapshotInstalled() {
        snapshotsInstalled.increment();
    }

    void snapshotFailed() {
        snapshotsFailed.increment();
    }

    void snapshotSent(long bytes) {
        snapshotBytesSent.increment((double) bytes);
    }

    void becamePrimary() {
        elections.increment();
    }

    void collected(int chunks) {
        collectedChunks.increment(chunks);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }
}
