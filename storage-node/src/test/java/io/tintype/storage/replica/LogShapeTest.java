// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LogShapeTest {
    /** A log written as the epoch of each record, from the first: "1123" is two records of epoch 1, then 2, then 3. */
    private static LogShape log(String epochs) {
        var starts = new ArrayList<EpochStart>();
        for (int i = 0; i < epochs.length(); i++) {
            if (i == 0 || epochs.charAt(i) != epochs.charAt(i - 1)) {
                starts.add(new EpochStart(epochs.charAt(i) - '0', i + 1));
            }
        }
        return new LogShape(starts, 1, epochs.length());
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "11122, 11122, 5",
                "111,   11122, 3",
                "11133, 11122, 3",
                "1113,  11222, 2", // not a prefix of each other anywhere behind record 2
                "1122244, 112223333, 5",
                "112, 11333, 2",
                "4,   1123, 0",
            })
    void theCommonPrefixEndsWhereTheGreatestCommonEpochEndsInTheShorter(String mine, String theirs, long common) {
        assertThat(log(mine).commonPrefix(log(theirs))).isEqualTo(common);
        assertThat(log(theirs).commonPrefix(log(mine))).isEqualTo(common);
    }

    @Test
    void anEmptyLogSharesNothingWithAWholeOne() {
        assertThat(LogShape.empty().commonPrefix(log("1122"))).isZero();
    }

    @Test
    void aTrimmedTableThatKnowsNoCommonEpochCannotTell() {
        var trimmed = log("1123344").trimmedTo(6);
        assertThat(trimmed.commonPrefix(log("112"))).isEqualTo(LogShape.NO_COMMON_PREFIX);
        assertThat(trimmed.commonPrefix(log("112334"))).isEqualTo(6);
    }

    @Test
    void aLogExcludesWhatAnotherHasInsteadOfIts() {
        assertThat(log("1133").excludes(log("1122"), 2)).isFalse();
        assertThat(log("1133").excludes(log("1122"), 3))
                .as("of an epoch it lacks")
                .isTrue();
        assertThat(log("1133").excludes(log("11111"), 3))
                .as("behind its end of the epoch")
                .isTrue();
        assertThat(log("1133").trimmedTo(5).excludes(log("1122"), 4))
                .as("forgotten, perhaps")
                .isFalse();
        assertThat(log("1133").excludes(log("11"), 9)).as("no such record").isFalse();
        assertThat(LogShape.empty().excludes(log("11"), 1)).isFalse();
    }

    @Test
    void trimmingKeepsTheEpochOfTheRecordInFront() {
        var trimmed = log("1123344").trimmedTo(6);
        assertThat(trimmed.epochAt(5)).isEqualTo(3);
        assertThat(trimmed.at(6)).isEqualTo(new LogPosition(4, 6));
        assertThatThrownBy(() -> trimmed.epochAt(2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void truncatingForgetsEpochsThatBeginBehindTheCut() {
        assertThat(log("11223").truncatedTo(4)).isEqualTo(log("1122"));
        assertThat(log("11223").truncatedTo(2)).isEqualTo(log("11"));
        assertThat(log("11223").truncatedTo(0)).isEqualTo(LogShape.empty());
    }

    @Test
    void appendingMayGoOnWithAnEpochOrBeginNewOnes() {
        assertThat(log("112").appended(List.of(new EpochStart(2, 4)), 5)).isEqualTo(log("11222"));
        assertThat(log("112").appended(List.of(new EpochStart(2, 4), new EpochStart(3, 5)), 6))
                .isEqualTo(log("112233"));
    }

    @Test
    void aPlaceIsContainedOnlyUnderItsOwnEpoch() {
        assertThat(log("1122").contains(new LogPosition(2, 3))).isTrue();
        assertThat(log("1122").contains(new LogPosition(1, 3))).isFalse();
        assertThat(log("1122").contains(new LogPosition(2, 5))).isFalse();
        assertThat(log("1122").contains(LogPosition.NONE)).isTrue();
    }

    @Test
    void epochsThatDoNotRiseAreRefused() {
        assertThatThrownBy(() -> new LogShape(List.of(new EpochStart(2, 1), new EpochStart(1, 3)), 1, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("do not rise");
        assertThatThrownBy(() -> new LogShape(List.of(), 1, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("without an epoch");
    }
}
