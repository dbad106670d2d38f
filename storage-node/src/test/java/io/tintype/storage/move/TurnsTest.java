// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.ShardId;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** However many wait, each has his turn. */
final class TurnsTest {
    private static final ShardId SHARD = new ShardId(1);
    private static final ShardId OTHER = new ShardId(2);
    private static final int LIMIT = 10;

    private final Turns<Integer> turns = new Turns<>();
    private final Set<Integer> waiting = IntStream.range(0, 35).boxed().collect(Collectors.toCollection(HashSet::new));

    @Test
    void eachHasHisTurnThoughNoneOfThoseInFrontGoesAway() {
        var seen = new TreeSet<Integer>();
        for (int round = 0; round < 4; round++) {
            var now = turns.next(SHARD, LIMIT, Turns.lineOf(waiting));
            assertThat(now).hasSizeLessThanOrEqualTo(LIMIT).noneMatch(seen::contains);
            seen.addAll(now);
        }
        assertThat(seen).isEqualTo(waiting);
        assertThat(turns.next(SHARD, LIMIT, Turns.lineOf(waiting)))
                .as("the first ones again")
                .containsExactlyElementsOf(IntStream.range(0, LIMIT).boxed().toList());
    }

    @Test
    void fewHaveTheirTurnEachTime() {
        waiting.removeIf(one -> one >= LIMIT / 2);
        for (int round = 0; round < 3; round++) {
            assertThat(turns.next(SHARD, LIMIT, Turns.lineOf(waiting))).containsExactlyInAnyOrderElementsOf(waiting);
        }
    }

    @Test
    void shardsHaveTheirTurnsApart() {
        var first = turns.next(SHARD, LIMIT, Turns.lineOf(waiting));
        assertThat(turns.next(OTHER, LIMIT, Turns.lineOf(waiting))).isEqualTo(first);
        turns.keepOnly(Set.of(OTHER));
        assertThat(turns.next(SHARD, LIMIT, Turns.lineOf(waiting)))
                .as("of a shard that was away")
                .isEqualTo(first);
    }

    @Test
    void whoComesAndGoesMeanwhileTakesNobodysTurnAway() {
        var unused = turns.next(SHARD, LIMIT, Turns.lineOf(waiting));
        waiting.removeIf(one -> one < LIMIT);
        waiting.add(-1);
        assertThat(turns.next(SHARD, LIMIT, Turns.lineOf(waiting)))
                .contains(LIMIT)
                .doesNotContain(-1);
    }
}
