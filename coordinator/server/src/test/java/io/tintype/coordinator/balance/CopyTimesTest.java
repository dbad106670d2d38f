// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.balance.CopyTimes.Copy;
import io.tintype.coordinator.balance.CopyTimes.Times;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CopyTimesTest {
    @Test
    void timeInWhichSeveralCopiesComeCountsOnce() {
        assertThat(CopyTimes.of(List.of(new Copy("a", "n", 0, 4_000), new Copy("b", "n", 2_000, 6_000))))
                .containsOnly(Map.entry("n", new Times(6_000, 6_000)));
        assertThat(CopyTimes.of(List.of(new Copy("a", "n", 0, 1_000), new Copy("a", "n", 3_000, 4_000))))
                .containsOnly(Map.entry("n", new Times(2_000, 2_000)));
    }

    @Test
    void aSourceThatSendsToTwoIsHalfThereForEach() {
        var times = CopyTimes.of(List.of(new Copy("a", "n", 0, 4_000), new Copy("a", "m", 2_000, 6_000)));
        assertThat(times.get("n")).isEqualTo(new Times(4_000, 3_000));
        assertThat(times.get("m")).isEqualTo(new Times(4_000, 3_000));
    }

    @Test
    void twoHalvesAreEnoughForOne() {
        var times = CopyTimes.of(List.of(
                new Copy("a", "n", 0, 1_000),
                new Copy("b", "n", 0, 1_000),
                new Copy("a", "m", 0, 1_000),
                new Copy("b", "m", 0, 1_000)));
        assertThat(times.get("n")).isEqualTo(new Times(1_000, 1_000));
    }

    @Test
    void sourcesThatNobodyKnowsAreNotTakenForTheSame() {
        var times = CopyTimes.of(List.of(new Copy("", "n", 0, 1_000), new Copy("", "m", 0, 1_000)));
        assertThat(times.get("n")).isEqualTo(new Times(1_000, 1_000));
    }

    @Test
    void whatTookNoTimeTellsNothing() {
        assertThat(CopyTimes.of(List.of(new Copy("a", "n", 5, 5)))).isEmpty();
    }
}
