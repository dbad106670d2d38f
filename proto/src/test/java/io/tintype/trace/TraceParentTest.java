// SPDX-License-Identifier: Apache-2.0
package io.tintype.trace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TraceParentTest {
    private static final String SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void whatIsWrittenIsRead() {
        var read = TraceParent.parse(SAMPLED).orElseThrow();
        assertThat(read.isSampled()).isTrue();
        assertThat(read.isRemote()).isTrue();
        assertThat(TraceParent.format(read)).isEqualTo(SAMPLED);
    }

    @Test
    void whatIsNotSampledSaysSo() {
        assertThat(TraceParent.parse(TraceParent.NOT_SAMPLED).orElseThrow().isSampled())
                .isFalse();
        assertThat(TraceParent.parse(SAMPLED.replaceFirst("1$", "2"))
                        .orElseThrow()
                        .isSampled())
                .isFalse();
    }

    @Test
    void aLaterVersionMayBeLonger() {
        assertThat(TraceParent.parse("01" + SAMPLED.substring(2) + "-more")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "hello",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01"
            })
    void whatIsNoneIsPassedOver(String header) {
        assertThat(TraceParent.parse(header)).isEmpty();
    }
}
