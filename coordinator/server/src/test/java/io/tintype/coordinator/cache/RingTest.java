// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who keeps what: even by weight, and only a member's own share moves when it comes or goes. */
final class RingTest {
    private static final int KEYS = 5_000;

    @Test
    void whoJoinsOrLeavesMovesOnlyHisShare() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 10; round++) {
            List<Ring.Member> members = new ArrayList<>();
            for (int i = 0; i < 2 + random.nextInt(8); i++) {
                members.add(new Ring.Member("c" + random.nextInt() + i, "a" + i, 1 + random.nextInt(4)));
            }
            var before = new Ring(members);
            var newcomer = new Ring.Member("new" + random.nextInt(), "b", 1 + random.nextInt(4));
            members.add(random.nextInt(members.size()), newcomer);
            var after = new Ring(members);
            int moved = 0;
            for (int i = 0; i < KEYS; i++) {
                var old = owner(before, i);
                var now = owner(after, i);
                if (!old.equals(now)) {
                    assertThat(now).as("seed " + seed).isEqualTo(newcomer);
                    moved++;
                }
            }
            int weights = members.stream().mapToInt(Ring.Member::weight).sum();
            double share = KEYS * (double) newcomer.weight() / weights;
            assertThat((double) moved).as("seed " + seed).isBetween(share * 0.8 - 20, share * 1.2 + 20);
        }
    }

    @Test
    void sharesAreProportionalToWeights() {
        var ring = new Ring(
                List.of(new Ring.Member("a", "a", 1), new Ring.Member("b", "b", 2), new Ring.Member("c", "c", 5)));
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 16_000; i++) {
            counts.merge(owner(ring, i).id(), 1, Integer::sum);
        }
        assertThat(counts.get("a")).isBetween(1_800, 2_200);
        assertThat(counts.get("b")).isBetween(3_700, 4_300);
        assertThat(counts.get("c")).isBetween(9_600, 10_400);
    }

    @Test
    void aNewVersionStaysWhereTheOldOneWas() {
        var ring = new Ring(List.of(new Ring.Member("a", "a", 1), new Ring.Member("b", "b", 1)));
        for (int i = 0; i < 100; i++) {
            var old = new PieceKey("u", "n" + i, new Version(1, 1), 0);
            var now = new PieceKey("u", "n" + i, new Version(99, 5), 0);
            assertThat(ring.ranking(now)).isEqualTo(ring.ranking(old));
        }
    }

    @Test
    void whoHasMoreThanAQuarterOverTheAverageIsNotAsked() {
        var ring = new Ring(List.of(
                new Ring.Member("a", "a", 1), new Ring.Member("b", "b", 1),
                new Ring.Member("c", "c", 1), new Ring.Member("d", "d", 1)));
        assertThat(ring.hasRoom(0, 0)).isTrue();
        assertThat(ring.hasRoom(24, 79)).isTrue();
        assertThat(ring.hasRoom(25, 79)).isFalse();
    }

    @Test
    void whatGetsALargePartOfReadsIsFoundHot() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var hot = new HotKeys();
        for (int i = 0; i < 200_000; i++) {
            hot.read(Pieces.key(random.nextInt(10) == 0 ? 1 : 100 + random.nextInt(50_000)));
        }
        assertThat(hot.isHot(Pieces.key(1))).as("seed " + seed).isTrue();
        for (int i = 100; i < 50_100; i++) {
            assertThat(hot.isHot(Pieces.key(i))).as("%d, seed %d", i, seed).isFalse();
        }
        for (int i = 0; i < 200_000; i++) {
            hot.read(Pieces.key(100 + random.nextInt(50_000)));
        }
        assertThat(hot.isHot(Pieces.key(1))).as("cooled down, seed " + seed).isFalse();
    }

    private static Ring.Member owner(Ring ring, int number) {
        return ring.ranking(Pieces.key(number)).get(0);
    }
}
