// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TablesTest {
    @Test
    void columnsStandUnderTheirHeadings() {
        var table = Tables.render(
                List.of("size>", "name"), List.of(List.of("7", "a.jpg"), List.of("1234", "a much longer name.jpg")));
        assertThat(table.lines().map(String::stripTrailing))
                .containsExactly("size  name", "   7  a.jpg", "1234  a much longer name.jpg");
    }

    @Test
    void noRowsLeaveTheHeadings() {
        assertThat(Tables.render(List.of("node", "live"), List.of()))
                .contains("node")
                .contains("live");
    }

    @Test
    void quantitiesAreReadable() {
        assertThat(Humane.bytes(0)).isEqualTo("0 B");
        assertThat(Humane.bytes(1023)).isEqualTo("1023 B");
        assertThat(Humane.bytes(1536)).isEqualTo("1.5 KiB");
        assertThat(Humane.bytes(5L << 30)).isEqualTo("5.0 GiB");
        assertThat(Humane.nanos(87_000)).isEqualTo("87 µs");
        assertThat(Humane.nanos(1_250_000)).isEqualTo("1.3 ms");
        assertThat(Humane.nanos(3_400_000_000.0)).isEqualTo("3.40 s");
    }
}
