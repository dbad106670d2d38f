// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StretchTest {
    /** -1 is the largest number there is on the wire. */
    @ParameterizedTest
    @CsvSource({
        "100, 0, 0, 0, 100",
        "100, 0, 1, 0, 1",
        "100, 20, 30, 20, 50",
        "100, 20, 80, 20, 100",
        "100, 20, 81, 20, 100",
        "100, 99, 0, 99, 100",
        "100, 20, -1, 20, 100",
        "0, 0, 0, 0, 0",
    })
    void aRangeIsShortenedAtTheEnd(long size, long offset, long length, long first, long end) {
        var stretch = Stretch.of(size, offset, length);
        assertThat(stretch).isEqualTo(new Stretch(first, end));
        assertThat(stretch.length()).isEqualTo(end - first);
    }

    @ParameterizedTest
    @CsvSource({"100, 100, 0", "100, 100, 1", "100, 101, 0", "100, -1, 1", "0, 1, 0", "0, 0, 1", "0, 0, -1"})
    void aRangeThatBeginsBehindTheEndIsRefused(long size, long offset, long length) {
        assertThatThrownBy(() -> Stretch.of(size, offset, length))
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.RANGE_NOT_SATISFIABLE))
                .hasMessageContaining("range.offset is " + Long.toUnsignedString(offset))
                .hasMessageContaining("has " + size + " bytes");
    }
}
