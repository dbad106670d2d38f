// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.internal.net.Op;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A read that is over is told of once, whatever its owner does then. */
final class DownloadSinkEndTest {
    private final IllegalStateException thrown = new IllegalStateException("on purpose");
    private final List<Boolean> told = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    @Test
    void whoFailsOnHearingOfTheEndIsNoSecondOperation() {
        var op = new Op("Get", null, Duration.ofMinutes(1));
        var entry = Entry.of(op, null, new Admission(1), (over, failure) -> told.add(failure == null));
        var end = new DownloadSinkEnd(new FailingSink(), entry);

        assertThatThrownBy(end::finished).isSameAs(thrown);
        end.failed(thrown); // as a download does then

        assertThat(told).containsExactly(true);
        assertThat(failures).as("who waits hears of it").containsExactly(thrown);
    }

    private final class FailingSink extends NoSink {
        @Override
        public void finished() {
            throw thrown;
        }

        @Override
        public void failed(Throwable failure) {
            failures.add(failure);
        }
    }
}
