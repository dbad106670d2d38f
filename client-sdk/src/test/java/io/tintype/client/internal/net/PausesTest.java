// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class PausesTest {
    private final Pauses pauses =
            new Pauses(new ClientSettings.Retry(20, Duration.ofMillis(50), Duration.ofSeconds(2)));

    @Test
    void pausesGrowToTheLongest() {
        var failure = failure(Reason.UNAVAILABLE, null);
        assertThat(pauses.afterMs(1, failure)).isBetween(25L, 75L);
        assertThat(pauses.afterMs(4, failure)).isBetween(200L, 600L);
        assertThat(pauses.afterMs(19, failure)).isBetween(1_000L, 3_000L);
    }

    @Test
    void noPauseIsShorterThanWhatIsAskedFor() {
        assertThat(pauses.afterMs(1, failure(Reason.OVERLOADED, Duration.ofSeconds(5))))
                .isEqualTo(5_000);
        assertThat(pauses.afterMs(6, failure(Reason.OVERLOADED, Duration.ofMillis(50))))
                .isBetween(800L, 2_400L);
    }

    /** Doubled, the fourth pause alone would be 400 ms. */
    @ParameterizedTest
    @EnumSource(names = {"USER_MOVING", "NO_PRIMARY"})
    void whatPassesSoonIsComeBackToWhenTheServerSays(Reason reason) {
        var soon = failure(reason, Duration.ofMillis(50));
        for (int attempt = 1; attempt <= Pauses.SOON; attempt++) {
            assertThat(pauses.afterMs(attempt, soon)).isBetween(50L, 75L);
        }
        // Where it does not pass, it is as any other failure from there on.
        assertThat(pauses.afterMs(Pauses.SOON + 1, soon)).isBetween(50L, 75L);
        assertThat(pauses.afterMs(Pauses.SOON + 5, soon)).isBetween(400L, 1_200L);
        assertThat(IntStream.range(1, 20)
                        .mapToLong(attempt -> pauses.afterMs(attempt, soon))
                        .sum())
                .as("all of them together, which outlast a move's pause by far")
                .isGreaterThan(5_000);
    }

    /** A handover mostly takes no longer; an elected primary that says the same may need two seconds. */
    @Test
    void whatMayTakeLongerThanTheServerSaysIsAskedForLessOften() {
        var soon = failure(Reason.NO_PRIMARY, Duration.ofMillis(20));
        assertThat(pauses.afterMs(1, soon)).isBetween(20L, 30L);
        assertThat(pauses.afterMs(2, soon)).isBetween(20L, 30L);
        assertThat(pauses.afterMs(3, soon)).isBetween(30L, 45L);
        for (int attempt = 5; attempt <= Pauses.SOON; attempt++) {
            assertThat(pauses.afterMs(attempt, soon)).isBetween(50L, 75L);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"USER_MOVING", "NO_PRIMARY"})
    void anElectionThatSaysNothingIsWaitedForLongerEachTime(Reason reason) {
        assertThat(pauses.afterMs(4, failure(reason, null))).isBetween(200L, 600L);
    }

    private static CallFailure failure(Reason reason, @Nullable Duration retryAfter) {
        return CallFailure.of(new TintypeException(reason, "not now", Map.of(), retryAfter, null));
    }
}
