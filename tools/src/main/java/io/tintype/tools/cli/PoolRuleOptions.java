// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.PoolEdit;
import io.tintype.client.PoolInfo;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The rules of a pool as options; what is not given stays, or takes the default. */
final class PoolRuleOptions {
    /** How replicas are spread over zones. */
    enum Zones {
        /** Each has a zone of its own, or the shard is not placed. */
        REQUIRED,
        /** As evenly as zones allow. */
        PREFERRED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Where copies may stand. */
    enum Residency {
        /** In the pool's own region only. */
        PINNED,
        /** In any region. */
        ANYWHERE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(names = "--replicas", paramLabel = "N", description = "Replicas of each shard, 1 to 7 (a new pool: 3).")
    private @Nullable Integer replicas;

    @Option(
            names = "--min-insync",
            paramLabel = "N",
            description = "In-sync replicas that a write needs, at most the replicas (a new pool: 2).")
    private @Nullable Integer minInsync;

    @Option(
            names = "--users-per-shard",
            paramLabel = "N",
            description = "Users a shard takes at most, exactly (a new pool: 10000).")
    private @Nullable Integer usersPerShard;

    @Option(
            names = "--bytes-per-shard",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Bytes beyond which a shard is given no more users; 0: no limit (a new pool: 0).")
    private @Nullable Long bytesPerShard;

    @Option(
            names = "--user-bytes",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Bytes a user may store who has no quota of his own; 0: no limit (a new pool: 0).")
    private @Nullable Long userBytes;

    @Option(
            names = "--user-blobs",
            paramLabel = "N",
            description = "Blobs a user may have who has no quota of his own; 0: no limit (a new pool: 0).")
    private @Nullable Long userBlobs;

    @Option(
            names = "--zones",
            paramLabel = "RULE",
            description = "required: each replica has a zone of its own, or the shard is not placed; preferred: as far"
                    + " as zones allow (a new pool: preferred).")
    private @Nullable Zones zones;

    @Option(
            names = "--residency",
            paramLabel = "RULE",
            description = "pinned: no byte leaves the pool's region; anywhere: copies may stand in other regions"
                    + " (a new pool: pinned).")
    private @Nullable Residency residency;

    @Option(
            names = "--observers",
            paramLabel = "REGION",
            split = ",",
            arity = "0..1",
            fallbackValue = "",
            description =
                    "Regions that hold a copy of every shard, which lags; empty: none. Needs --residency anywhere.")
    private @Nullable List<String> observers;

    @Option(
            names = "--labels",
            paramLabel = "LABEL",
            split = ",",
            arity = "0..1",
            fallbackValue = "",
            description = "What a node must have to hold a replica, as its settings name it; empty: any node of the"
                    + " region will do.")
    private @Nullable List<String> labels;

    @Option(
            names = "--cache-control",
            paramLabel = "TEXT",
            description = "Cache-Control of answers over HTTP; empty: the default.")
    private @Nullable String cacheControl;

    @Option(
            names = "--sealed",
            arity = "1",
            paramLabel = "BOOLEAN",
            description = "true: chunks that come in are sealed (encrypted) under a key of their user's own, so that"
                    + " 'user erase' reaches copies of disks, too; nodes need keys.source (a new pool: false).")
    private @Nullable Boolean sealed;

    /** A pool with what is given here. */
    PoolInfo over(PoolInfo pool) {
        return new PoolInfo(
                pool.id(),
                or(replicas, pool.replicationFactor()),
                or(minInsync, replicas == null ? pool.minInsync() : Math.min(pool.minInsync(), replicas)),
                or(usersPerShard, pool.usersPerShard()),
                pool.initialShards(),
                or(bytesPerShard, pool.bytesPerShard()),
                or(userBytes, pool.userBytes()),
                or(userBlobs, pool.userBlobs()),
                zones == null ? pool.zonesRequired() : zones == Zones.REQUIRED,
                residency == null ? pool.unpinned() : residency == Residency.ANYWHERE,
                observers == null ? pool.observers() : given(observers),
                pool.servingRegion(),
                or(cacheControl, pool.cacheControl()),
                labels == null ? pool.labels() : Set.copyOf(given(labels)),
                or(sealed, pool.sealed()));
    }

    /** Sets what is given here. */
    void into(PoolEdit edit) {
        Optional.ofNullable(replicas).ifPresent(edit::replicationFactor);
        Optional.ofNullable(minInsync).ifPresent(edit::minInsync);
        Optional.ofNullable(usersPerShard).ifPresent(edit::usersPerShard);
        Optional.ofNullable(bytesPerShard).ifPresent(edit::bytesPerShard);
        Optional.ofNullable(userBytes).ifPresent(edit::userBytes);
        Optional.ofNullable(userBlobs).ifPresent(edit::userBlobs);
        Optional.ofNullable(zones).ifPresent(rule -> edit.zonesRequired(rule == Zones.REQUIRED));
        Optional.ofNullable(residency).ifPresent(rule -> edit.unpinned(rule == Residency.ANYWHERE));
        Optional.ofNullable(observers).ifPresent(names -> edit.observers(given(names)));
        Optional.ofNullable(cacheControl).ifPresent(edit::cacheControl);
        Optional.ofNullable(labels).ifPresent(names -> edit.labels(given(names)));
        Optional.ofNullable(sealed).ifPresent(edit::sealed);
    }

    private static List<String> given(List<String> names) {
        return names.stream().filter(name -> !name.isEmpty()).toList();
    }

    private static <T> T or(@Nullable T given, T otherwise) {
        return given == null ? otherwise : given;
    }
}
