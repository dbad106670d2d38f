// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Several callers who ask for the same user at the same time. */
final class RememberedHomesTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final UserHome HOME = new UserHome(new ShardId(5), 1, new PoolId("eu", "standard"));

    private final RememberedHomes homes = new RememberedHomes();
    private final Deque<CompletableFuture<UserHome>> asked = new ArrayDeque<>();

    private CompletableFuture<UserHome> ask() {
        return homes.getOrAsk(ALICE, () -> {
            asked.add(new CompletableFuture<>());
            return asked.getLast();
        });
    }

    private static TintypeException notFound() {
        return new TintypeException(Reason.USER_NOT_FOUND, "no such user");
    }

    @Test
    void whoJoinsAQuestionOlderThanTheUserIsNotToldThatThereIsNone() {
        var first = ask();
        // The user is made by somebody else, whose write is acknowledged; then others ask.
        var second = ask();
        var third = ask();
        assertThat(asked).hasSize(1);

        asked.getFirst().completeExceptionally(notFound());

        assertThatThrownBy(first::join).hasCauseInstanceOf(TintypeException.class);
        assertThat(asked).as("asked once more for all").hasSize(2);
        asked.getLast().complete(HOME);
        assertThat(second.join()).isEqualTo(HOME);
        assertThat(third.join()).isEqualTo(HOME);
    }

    @Test
    void whoIsNotThereIsAskedForOnceMoreAndNoMore() {
        var first = ask();
        var second = ask();
        asked.getFirst().completeExceptionally(notFound());
        asked.getLast().completeExceptionally(notFound());

        assertThat(asked).hasSize(2);
        for (var told : new CompletableFuture<?>[] {first, second}) {
            assertThatThrownBy(told::join)
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class,
                            none -> assertThat(none.reason()).isEqualTo(Reason.USER_NOT_FOUND));
        }
    }

    @Test
    void aQuestionThatCannotBePosedStandsInNobodysWay() {
        var failed = homes.getOrAsk(ALICE, () -> {
            throw new NoClassDefFoundError("none");
        });
        assertThat(failed).isCompletedExceptionally();
        var next = ask();
        asked.getLast().complete(HOME);
        assertThat(next.join()).isEqualTo(HOME);
    }
}
