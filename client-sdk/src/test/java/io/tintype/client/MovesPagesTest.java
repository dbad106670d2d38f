// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveState;
import io.tintype.proto.v1.User;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Moves are told page by page, and listed as if they were one. */
final class MovesPagesTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    private List<String> usersOf(int moves) {
        cluster.moves.clear();
        IntStream.range(0, moves)
                .mapToObj(i -> Move.newBuilder()
                        .setUser(User.newBuilder()
                                .setId("user" + i)
                                .setRegion("here")
                                .setTier("standard")
                                .setShard(InMemoryTintype.SHARD))
                        .setState(MoveState.MOVE_STATE_COPYING)
                        .setToShard(7)
                        .setToRegion("here")
                        .setToTier("standard")
                        .setNumber(i)
                        .build())
                .forEach(cluster.moves::add);
        return cluster.moves.stream().map(move -> move.getUser().getId()).toList();
    }

    @Test
    void allMovesAreListedOnceAndInOrderHoweverManyPagesTheyTake() {
        for (int moves = 0; moves <= 2 * InMemoryTintype.MOVES_A_PAGE + 1; moves++) {
            var users = usersOf(moves);
            int before = cluster.faults.calls("ListMoves").size();

            assertThat(client.users().moves().list())
                    .extracting(move -> move.user().id())
                    .isEqualTo(users);

            int pages = Math.max(1, (moves + InMemoryTintype.MOVES_A_PAGE - 1) / InMemoryTintype.MOVES_A_PAGE);
            assertThat(cluster.faults.calls("ListMoves")).hasSize(before + pages);
        }
    }

    @Test
    void aMoveIsToldAsItIs() {
        usersOf(1);
        assertThat(client.users().moves().list()).singleElement().satisfies(move -> {
            assertThat(move.state()).isEqualTo(MoveInfo.State.COPYING);
            assertThat(move.toShard()).contains(new ShardId(7));
            assertThat(move.toPool()).contains(new PoolId("here", "standard"));
        });
    }

    /** The page is asked for again, and none of the list is lost or told twice. */
    @Test
    void aPageThatIsRefusedIsAskedForAgain() {
        var users = usersOf(5);
        cluster.faults.next(Faults.Kind.REFUSE, "ListMoves");
        cluster.faults.next(Faults.Kind.LOSE_ANSWER, "ListMoves");
        assertThat(client.users().moves().list())
                .extracting(move -> move.user().id())
                .isEqualTo(users);
    }
}
