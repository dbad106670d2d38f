// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolEdit;
import io.tintype.client.PoolEffect;
import io.tintype.model.PoolId;
import io.tintype.tools.cli.PoolCommand.PoolDocument;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tintype pool change}. */
@Command(
        name = "change",
        description = {
            "Changes rules of a pool. Without --yes only tells what that would do.",
            "",
            "Shards follow within seconds; replicas that are added are copied first, and replicas that go do so last. More"
                    + " replicas in sync are asked of a shard's writes once it has them."
        },
        footer = {
            "  tintype pool change eu-west.standard --users-per-shard 20000",
            "  tintype pool change eu-west.standard --replicas 5 --min-insync 3 --yes",
            "  tintype pool change eu-west.standard --residency anywhere --observers us-east --yes"
        })
final class PoolChangeCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "REGION.TIER",
            converter = Pools.Converter.class,
            description = "The pool's name.")
    private PoolId pool;

    @Option(names = "--yes", description = "Make the change.")
    private boolean yes;

    @Option(names = "--preview", description = "Only tell what the change would do; so it is without --yes too.")
    private boolean preview;

    @Option(
            names = "--allow-over-limit",
            description = "Let limits fall below what is used. Nobody is turned out; more is refused.")
    private boolean allowOverLimit;

    @Mixin
    private PoolRuleOptions rules;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        var edit = PoolEdit.of(pool).allowOverLimit(allowOverLimit);
        rules.into(edit);
        try (var client = cluster.connect()) {
            var effect = yes && !preview
                    ? client.admin().changePool(edit)
                    : client.admin().previewPool(edit);
            output.print(EffectDocument.of(effect), text(effect));
        }
        return ExitCode.OK.number();
    }

    private String text(PoolEffect effect) {
        List<String> lines = new ArrayList<>();
        if (effect.before().equals(effect.after())) {
            return "pool " + pool + " is so already; nothing to change";
        }
        lines.add("pool " + pool + (effect.changed() ? " was changed:" : " would be changed:"));
        differences(effect).forEach(difference -> lines.add("  " + difference));
        long copied = 0;
        for (var shard : effect.shards()) {
            copied += shard.bytes() * shard.added().size();
            lines.add("  shard " + shard.shard()
                    + (shard.added().isEmpty() ? "" : ", more replicas: " + String.join(", ", shard.added()))
                    + (shard.removed().isEmpty() ? "" : ", fewer replicas: " + String.join(", ", shard.removed()))
                    + (shard.usersOverLimit() == 0 ? "" : ", " + shard.usersOverLimit() + " users over the limit")
                    + (shard.bytesOverLimit() == 0
                            ? ""
                            : ", " + Humane.bytes(shard.bytesOverLimit()) + " over the limit")
                    + (shard.error().isEmpty() ? "" : ", DID NOT ANSWER: " + shard.error()));
        }
        if (copied > 0) {
            lines.add("  copies " + Humane.bytes(copied));
        }
        if (effect.usersOverQuota() > 0) {
            lines.add("  " + effect.usersOverQuota() + " users have more than the new quota");
        }
        if (!effect.unanswered().isEmpty()) {
            lines.add(silence(effect.unanswered().size()));
        }
        if (!effect.changed()) {
            lines.add(
                    effect.isOverLimit() && !allowOverLimit
                            ? "It would be refused, because more is used: --allow-over-limit lets it be"
                            : "Nothing was changed. --yes makes the change");
        }
        return String.join(System.lineSeparator(), lines);
    }

    /** What it means that shards did not answer. */
    private static String silence(int shards) {
        return "! " + shards + (shards == 1 ? " shard" : " shards")
                + " did not answer: nobody knows how much they hold,"
                + " nor whether that is more than the new limits. Nothing stored is given up either way; a shard that"
                + " holds more takes nobody more, and a user who has more stores nothing more. To know it, repeat this"
                + " with --preview once they are led: tintype shard ls";
    }

    private static List<String> differences(PoolEffect effect) {
        var before = effect.before();
        var after = effect.after();
        List<String> lines = new ArrayList<>();
        add(lines, "replicas", before.replicationFactor(), after.replicationFactor());
        add(lines, "min in sync", before.minInsync(), after.minInsync());
        add(lines, "users a shard", before.usersPerShard(), after.usersPerShard());
        add(lines, "bytes a shard", Text.limit(before.bytesPerShard()), Text.limit(after.bytesPerShard()));
        add(lines, "bytes a user", Text.limit(before.userBytes()), Text.limit(after.userBytes()));
        add(lines, "blobs a user", before.userBlobs(), after.userBlobs());
        add(lines, "zones required", before.zonesRequired(), after.zonesRequired());
        add(lines, "copies in other regions allowed", before.unpinned(), after.unpinned());
        add(lines, "copies in", before.observers(), after.observers());
        add(lines, "labels", before.labels(), after.labels());
        add(lines, "Cache-Control", before.cacheControl(), after.cacheControl());
        add(lines, "sealed", before.sealed(), after.sealed());
        return lines;
    }

    private static void add(List<String> lines, String what, Object before, Object after) {
        if (!before.equals(after)) {
            lines.add(what + ": " + before + " -> " + after);
        }
    }

    /** What {@code pool change --json} prints. */
    record EffectDocument(
            PoolDocument before,
            PoolDocument after,
            boolean changed,
            List<PoolEffect.ShardEffect> shards,
            long usersOverQuota) {
        static EffectDocument of(PoolEffect effect) {
            return new EffectDocument(
                    PoolDocument.of(effect.before()),
                    PoolDocument.of(effect.after()),
                    effect.changed(),
                    effect.shards(),
                    effect.usersOverQuota());
        }
    }
}
