// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.OwnershipState;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is lost, late, doubled or dies, a user who moves has one owner, who has everything; and each rule is needed.
 * {@code -Dtintype.moves.seeds=N} runs more seeds.
 */
class MoveSimTest {
    private static final int SEEDS = Integer.getInteger("tintype.moves.seeds", 400);
    private static final int EVENTS = 400;
    private static final UserId ALICE = UserId.of("alice");

    /** Seeds within which each mutant must be caught. */
    private static final int MUTANT_SEEDS = 8_000;

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

    /** By chance, but for two whose interleavings are too long for that. */
    @ParameterizedTest
    @EnumSource(
            value = MoveRule.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"INSTALL_NAMES_MOVE", "REFUSAL_OUTLIVES_REHOMING"})
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

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLateInstallOfAMoveThatWasGivenUpMakesNothingReady(boolean ruled) {
        var rules = ruled ? MoveRule.all() : EnumSet.complementOf(EnumSet.of(MoveRule.INSTALL_NAMES_MOVE));
        var source = new UserShard(disk, 1, rules);
        var target = new UserShard(disk, 2, rules);
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", null, 1);
        target.begin(ALICE, 1, 2, 1);
        source.freeze(ALICE, 1, 2, 2);
        source.content(ALICE, 2, target).forEach(copy -> target.copy(ALICE, copy));
        var late = source.summary(ALICE, 2);
        target.drop(ALICE, 2, 3, 1);
        source.unfreeze(ALICE, 2, 3);

        target.begin(ALICE, 3, 4, 1);
        source.content(ALICE, 4, target).forEach(copy -> target.copy(ALICE, copy));
        source.put(ALICE, "cat", null, 2);
        target.install(ALICE, late);

        assertThat(target.user(ALICE).getState() == OwnershipState.OWNERSHIP_STATE_READY)
                .as("ready without what was written last")
                .isEqualTo(!ruled);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoIsGivenAnotherHomeForARefusalIsNotLetInHere(boolean ruled) {
        var rules = ruled ? MoveRule.all() : EnumSet.complementOf(EnumSet.of(MoveRule.REFUSAL_OUTLIVES_REHOMING));
        var first = new UserShard(disk, 1, rules);
        var second = new UserShard(disk, 2, rules);
        first.usersLimit = 0;
        first.claim(ALICE, 1); // refused: somebody sets out to have the directory name the second shard
        first.purge(ALICE, 0, 10, 1);
        first.usersLimit = 10;
        first.claim(ALICE, 1);
        second.claim(ALICE, 2); // and has arrived

        assertThat(second.user(ALICE).getState()).isEqualTo(OwnershipState.OWNERSHIP_STATE_ACTIVE);
        assertThat(first.user(ALICE).getState() == OwnershipState.OWNERSHIP_STATE_ACTIVE)
                .as("two owners")
                .isEqualTo(!ruled);
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
