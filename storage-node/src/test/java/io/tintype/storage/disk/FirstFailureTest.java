// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The first cause stands, and everybody hears of it once. */
final class FirstFailureTest {
    private final IOException first = new IOException("no luck with the disk");

    private final FirstFailure failure = new FirstFailure(Path.of("/data"));

    @Test
    void nothingIsRefusedOrToldBefore() {
        failure.onFailure(cause -> {
            throw new AssertionError(cause);
        });
        failure.refuseFromThenOn();
        assertThat(failure.cause()).isNull();
    }

    @Test
    void theFirstCauseStandsAndIsToldOnceThoughSomebodyIsDeaf() {
        var told = new ArrayList<Throwable>();
        failure.onFailure(cause -> {
            throw new IllegalStateException("deaf");
        });
        failure.onFailure(told::add);

        var tells = failure.note(first);

        assertThat(failure.note(new IOException("another"))).isNull();
        assertThat(failure.cause()).isSameAs(first);
        assertThat(told).as("told by whoever notes it, when he will").isEmpty();
        Objects.requireNonNull(tells).run();
        assertThat(told).containsExactly(first);
        failure.onFailure(told::add);
        assertThat(told).as("who comes later is told at once").containsExactly(first, first);
    }

    @Test
    void whoWantsToWriteIsToldWhy() {
        assertThat(failure.note(first)).isNotNull();
        assertThatThrownBy(failure::refuseFromThenOn)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessageContaining("/data failed (no luck with the disk)")
                .hasCause(first);
    }
}
