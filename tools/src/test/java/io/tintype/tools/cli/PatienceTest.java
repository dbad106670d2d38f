// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class PatienceTest {
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private final Patience patience = new Patience(now::get);

    @Test
    void whatPassesIsWaitedForAMinuteAndThenToldAsItIs() throws Exception {
        now.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(patience.ask(() -> "at once")).isEqualTo("at once");
        assertThat(patience.ask(() -> fails(2, Duration.ofSeconds(20)))).isEqualTo(3);
        assertThatThrownBy(() -> patience.ask(() -> fails(1_000, Duration.ofSeconds(20))))
                .isInstanceOf(TintypeException.class)
                .hasMessage("restarting");
        assertThat(asked).as("a minute after the last answer").hasValue(3 + 3);
    }

    @Test
    void whatDoesNotPassIsToldAtOnce() {
        assertThatThrownBy(() -> patience.ask(() -> {
                    asked.incrementAndGet();
                    throw new TintypeException(Reason.NODE_NOT_FOUND, "no such node");
                }))
                .hasMessage("no such node");
        assertThat(asked).hasValue(1);
    }

    /** Fails so often, and each time that time passes; then yields how often it was asked. */
    private int fails(int times, Duration each) {
        if (asked.incrementAndGet() <= times) {
            now.addAndGet(each.toNanos());
            throw new TintypeException(Reason.UNAVAILABLE, "restarting");
        }
        return asked.get();
    }
}
