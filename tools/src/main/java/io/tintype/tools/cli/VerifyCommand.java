// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ReplicaFinding;
import io.tintype.proto.v1.VerifyShardResponse;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype verify}: proves that replicas hold the same, and what was stored. */
@Command(
        name = "verify",
        description = {
            "Proves that all replicas hold the same, while they go on serving. Changes nothing.",
            "",
            "Each shard's in-sync replicas, and read copies of other regions as far as they have come so far, are compared at"
                    + " the very same record: users, blobs, versions and the checksums of"
                    + " their bytes. With --bytes every replica also reads all bytes and verifies them, no faster than"
                    + " snapshots may go. May be stopped at any time; name the shards that are left to go on.",
            "",
            "Ends with 7 where a replica differs or has damaged bytes, else with 5 where one could not be looked at."
        },
        footer = {
            "  tintype verify",
            "  tintype verify 3 4 --bytes",
            "  tintype verify --json | jq '.[] | select(.ok|not)'"
        })
final class VerifyCommand implements Callable<Integer> {
    @Parameters(arity = "0..*", paramLabel = "SHARD", description = "The shards to verify (default: all).")
    private List<Integer> shards = List.of();

    @Option(
            names = "--bytes",
            description = "Read and verify all bytes of every replica, not only what describes them.")
    private boolean bytes;

    @Option(
            names = "--shard-timeout",
            paramLabel = "TIME",
            defaultValue = "1h",
            converter = DurationConverter.class,
            description = "Give up on a shard after this time (default: ${DEFAULT-VALUE}).")
    private Duration shardTimeout;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        var verified = new ArrayList<Verified>();
        try (var client = cluster.connect()) {
            var which = shards.isEmpty()
                    ? client.admin().shards().stream().map(ShardInfo::id).toList()
                    : shards.stream().map(ShardId::new).toList();
            try (var progress = Progress.ofFiles("verifying shards", which.size())) {
                for (var shard : which) {
                    var found = verify(client, shard);
                    verified.add(found);
                    progress.advance(1);
                    if (!output.isJson()) {
                        output.out().println(found.text());
                        output.out().flush();
                    }
                }
            }
        }
        if (output.isJson()) {
            output.print(verified, "");
        }
        return (verified.stream().anyMatch(Verified::damaged)
                        ? ExitCode.DAMAGED
                        : verified.stream().allMatch(Verified::ok) ? ExitCode.OK : ExitCode.UNAVAILABLE)
                .number();
    }

    private Verified verify(TintypeClient client, ShardId shard) {
        try {
            return Verified.of(client.balancing().verify(shard, bytes, shardTimeout));
        } catch (TintypeException e) {
            if (e.reason() == Reason.SHARD_NOT_FOUND) {
                throw e;
            }
            return new Verified(shard.value(), false, false, null, e.getMessage(), List.of());
        }
    }

    /**
     * What {@code --json} prints of a shard.
     *
     * @param ok whether all replicas were looked at, but for read copies that lag, hold the same, and have no damaged bytes
     * @param damaged whether one differs or has damaged bytes
     * @param sequence the record at which they were compared; null: they could not be
     * @param problem why they could not be; null: they could
     */
    record Verified(
            int shard,
            boolean ok,
            boolean damaged,
            @Nullable Long sequence,
            @Nullable String problem,
            List<Replica> replicas) {
        static Verified of(VerifyShardResponse found) {
            var replicas = found.getReplicasList().stream().map(Replica::of).toList();
            return new Verified(
                    found.getShard(),
                    replicas.stream().allMatch(Replica::ok),
                    replicas.stream().anyMatch(Replica::damaged),
                    found.getSequence(),
                    null,
                    replicas);
        }

        String text() {
            if (problem != null) {
                return "shard " + shard + ": not verified: " + problem;
            }
            var head = "shard " + shard + ": " + (damaged ? "DAMAGED" : ok ? "ok" : "not all replicas were seen")
                    + ", at record " + sequence;
            var lines = new ArrayList<String>();
            lines.add(head);
            replicas.forEach(replica -> lines.add("  " + replica.text()));
            return String.join(System.lineSeparator(), lines);
        }
    }

    /**
     * What {@code --json} prints of a replica.
     *
     * @param notSeen why it was not looked at; null: it was
     * @param readCopy whether it is a copy of another region, which may lag, and is not looked at then
     */
    record Replica(
            String node,
            @Nullable String notSeen,
            boolean readCopy,
            boolean same,
            String digest,
            long entries,
            long chunks,
            long badChunks,
            long bytesRead) {
        static Replica of(ReplicaFinding found) {
            return new Replica(
                    found.getNode(),
                    found.getNotSeen().isEmpty() ? null : found.getNotSeen(),
                    found.getReadCopy(),
                    found.getSame(),
                    HexFormat.of().formatHex(found.getDigest().toByteArray()),
                    found.getEntries(),
                    found.getChunks(),
                    found.getBadChunks(),
                    found.getChunkBytesRead());
        }

        boolean damaged() {
            return notSeen == null && (!same || badChunks > 0);
        }

        boolean ok() {
            return notSeen == null ? !damaged() : readCopy;
        }

        String text() {
            if (notSeen != null) {
                return node + " " + notSeen;
            }
            var what = entries + " entries, " + chunks + " chunks";
            return node
                    + (same ? " holds the same: " : " DIFFERS from the primary: ")
                    + what
                    + (badChunks > 0 ? ", " + badChunks + " chunks DAMAGED" : "")
                    + (bytesRead > 0 ? ", " + Humane.bytes(bytesRead) + " read" : "");
        }
    }
}
