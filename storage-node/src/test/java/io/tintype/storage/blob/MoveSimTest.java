// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever is lost, late, doubled or dies, a user who moves has one owner, who has everything; and each rule is needed.
 * {@code -Dtintype.moves.seeds=N} runs more seeds.
 */
class MoveSimTest {
    private static final int SEEDS = Integer.getInteger("tintype.moves.seeds", 400);
    private static final int EVENTS = 400;

    /** Seeds within which each mutant must be caught. */
    private static final int MUTANT_SEEDS = 6_000;

    @TempDir
    Path directory;

    private Disk disk;

    @BeforeEach
    void open() throws DiskException {
        disk = Disk.open(DiskConfig.of(directory, Shelf.CLUSTER)
                .withMemory(8 << 20, 64 << 20)
                .withReserve(0));
    }

    @AfterEach
    void close() {
        disk.close();
    }

    @Test
    void oneOwnerWhoHasEverything() {
        var cluster = new Cluster(disk, MoveRule.all());
        int moved = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            var result = cluster.run(seed);
            assertThat(result.violation()).as("seed %d", seed).isEmpty();
            moved += result.generations();
        }
        assertThat(moved).as("users do move").isGreaterThan(SEEDS * 3);
    }

    @ParameterizedTest
    @EnumSource(MoveRule.class)
    void eachRuleIsNeeded(MoveRule rule) {
        var rules = EnumSet.allOf(MoveRule.class);
        rules.remove(rule);
        var cluster = new Cluster(disk, rules);
        for (long seed = 1; seed <= MUTANT_SEEDS; seed++) {
            var violation = cluster.run(seed).violation();
            if (violation.isPresent()) {
                return;
            }
        }
        assertThat(rule)
                .as("nothing happened without it in %d seeds", MUTANT_SEEDS)
                .isNull();
    }

    private static final class Cluster {
        private final Disk disk;
        private final Set<MoveRule> rules;
        private final Map<Integer, UserShard> shards = new HashMap<>();
        private final UserShard directory;

        Cluster(Disk disk, Set<MoveRule> rules) {
            this.disk = disk;
            this.rules = rules;
            for (int id = 1; id <= 3; id++) {
                shards.put(id, new UserShard(disk, id, rules));
            }
            directory = new UserShard(disk, 9, rules);
        }

        MoveSim.Result run(long seed) {
            return new MoveSim(disk, shards, directory, rules, "user" + seed, seed).run(EVENTS);
        }
    }
}
