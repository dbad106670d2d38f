// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What fails because what was known is old is tried again with what is known afresh, however it fails. */
final class SourceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void aCallThatThrowsAtOnceIsMadeAgainAfresh() {
        var calls = new ArrayList<Boolean>();

        CompletableFuture<String> answer = Source.attempt(
                afresh -> {
                    calls.add(afresh);
                    if (!afresh) {
                        throw new TintypeException(Reason.NO_PRIMARY, "who led is gone");
                    }
                    return CompletableFuture.completedFuture("there");
                },
                0);

        assertThat(answer).succeedsWithin(PATIENCE).isEqualTo("there");
        assertThat(calls).containsExactly(false, true);
    }

    @Test
    void aCallThatThrowsWhatWillNotPassIsMadeOnce() {
        var calls = new ArrayList<Boolean>();

        CompletableFuture<String> answer = Source.attempt(
                afresh -> {
                    calls.add(afresh);
                    throw new TintypeException(Reason.USER_NOT_FOUND, "nobody");
                },
                0);

        assertThat(answer).failsWithin(PATIENCE);
        assertThat(calls).containsExactly(false);
    }
}
