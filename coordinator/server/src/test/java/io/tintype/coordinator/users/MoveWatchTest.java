// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.UserId;
import io.tintype.proto.v1.ListMovesResponse;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveState;
import io.tintype.proto.v1.User;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class MoveWatchTest {
    private final List<UserId> asked = new ArrayList<>();
    private final List<CompletableFuture<ListMovesResponse>> looks = new ArrayList<>();
    private long now = 5;
    private String ended = "";

    private final MoveWatch watch = new MoveWatch(
            deadline -> {
                looks.add(new CompletableFuture<>());
                return looks.get(looks.size() - 1);
            },
            (user, deadline) -> {
                asked.add(user);
                return user.value().equals("user-3")
                        ? CompletableFuture.failedFuture(new IllegalStateException("its shard cannot be asked"))
                        : CompletableFuture.completedFuture(move(
                                Integer.parseInt(user.value().substring(5)),
                                user.value().equals(ended) ? MoveState.MOVE_STATE_NONE : MoveState.MOVE_STATE_COPYING));
            },
            () -> now);

    private static Move move(int number, MoveState state) {
        return Move.newBuilder()
                .setUser(User.newBuilder().setId("user-" + number))
                .setState(state)
                .setSinceMs(1_000 + number)
                .build();
    }

    private void answer(int moves) {
        answer(moves, false);
    }

    private void answer(int moves, boolean more) {
        var all = new ArrayList<>(IntStream.range(0, moves)
                .mapToObj(number -> move(number, MoveState.MOVE_STATE_WAITING))
                .toList());
        Collections.shuffle(all, new Random(1));
        looks.get(looks.size() - 1)
                .complete(ListMovesResponse.newBuilder()
                        .addAllMoves(all)
                        .setMore(more)
                        .build());
    }

    @Test
    void theOldestAreAskedAndTheOthersCounted() {
        assertThat(watch.latest()).as("nobody has looked before").isEmpty();
        ended = "user-7";
        answer(1_000);
        assertThat(asked).hasSize(MoveWatch.MOST_SHOWN);
        var seen = watch.latest().orElseThrow();
        assertThat(seen.underWay()).as("without the one that has ended").isEqualTo(999);
        assertThat(seen.oldest())
                .hasSize(MoveWatch.MOST_SHOWN - 1)
                .isSortedAccordingTo((a, b) -> Long.compare(a.getSinceMs(), b.getSinceMs()))
                .allSatisfy(move -> assertThat(move.getState())
                        .isEqualTo(
                                move.getUser().getId().equals("user-3")
                                        ? MoveState.MOVE_STATE_WAITING
                                        : MoveState.MOVE_STATE_COPYING));
    }

    /** Directory shards tell no more than so many each. */
    @Test
    void whereNotAllAreCountedThatIsTold() {
        watch.latest();
        answer(MoveLists.MOST, true);
        var seen = watch.latest().orElseThrow();
        assertThat(seen.underWay()).isEqualTo(MoveLists.MOST);
        assertThat(seen.more()).isTrue();
        now += MoveWatch.LOOK_EVERY.toNanos();
        watch.latest();
        answer(MoveLists.MOST);
        assertThat(watch.latest().orElseThrow().more()).isFalse();
    }

    @Test
    void howeverManyLookTheShardsAreAskedOnceInAWhile() {
        for (int i = 0; i < 100; i++) {
            watch.latest();
        }
        assertThat(looks).hasSize(1);
        answer(2);
        now += MoveWatch.LOOK_EVERY.toNanos() - 1;
        assertThat(watch.latest()).isPresent();
        assertThat(looks).hasSize(1);
        now++;
        assertThat(watch.latest()).as("what was seen before serves meanwhile").isPresent();
        assertThat(looks).hasSize(2);
    }

    @Test
    void whatWasSeenLongAgoIsToldToNobody() {
        watch.latest();
        answer(2);
        now += MoveWatch.STALE.toNanos();
        assertThat(watch.latest()).isEmpty();
        looks.get(1).completeExceptionally(new IllegalStateException("the directory has no primary"));
        assertThat(watch.latest()).isEmpty();
        assertThat(looks).as("and is asked for again").hasSize(3);
        answer(0);
        assertThat(watch.latest().orElseThrow().underWay()).isZero();
    }
}
