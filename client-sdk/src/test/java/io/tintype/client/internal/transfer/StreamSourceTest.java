// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StreamSourceTest {
    private final List<InputStream> open = new ArrayList<>();

    private InputStream open() {
        var stream = new ByteArrayInputStream(new byte[1]) {
            @Override
            public void close() {
                open.remove(this);
            }
        };
        open.add(stream);
        return stream;
    }

    /** As a file that vanishes. */
    @Test
    void aSourceWhoseSizeCannotBeToldLeavesNoStreamOpen() {
        var source = new StreamSource(
                () -> {
                    throw new IOException("on purpose");
                },
                this::open);
        assertThatThrownBy(() -> source.open(() -> {})).hasMessage("on purpose");
        assertThat(open).isEmpty();
    }
}
