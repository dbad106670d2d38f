// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.MovingEntry;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Pages of moves over directory shards of which each tells three at most. */
final class MoveListsTest {
    private static final int TOLD_AT_MOST = 3;

    private final Map<ShardId, NavigableSet<String>> moving = new TreeMap<>();

    @Test
    void allAreToldPageAfterPageEachOnce() {
        moving.put(new ShardId(1), new TreeSet<>(List.of("a", "b", "c/d", "e", "f", "g", "h")));
        moving.put(new ShardId(2), new TreeSet<>());
        moving.put(new ShardId(7), new TreeSet<>(List.of("i", "j", "k", "l")));
        for (int max = 1; max <= 12; max++) {
            var told = new ArrayList<String>();
            var request = ListMovesRequest.newBuilder().setMax(max);
            ListMovesResponse page;
            do {
                page = list(request.build());
                assertThat(page.getMovesCount()).as("with pages of %d", max).isBetween(1, max);
                assertThat(page.getMore()).isEqualTo(!page.getNextPageToken().isEmpty());
                told.addAll(users(page));
                request.setPageToken(page.getNextPageToken());
            } while (page.getMore());
            assertThat(told)
                    .as("with pages of %d", max)
                    .containsExactly("a", "b", "c/d", "e", "f", "g", "h", "i", "j", "k", "l");
        }
    }

    /** As earlier releases ask. */
    @Test
    void whoAsksForNoNumberIsToldThatThereAreMore() {
        moving.put(new ShardId(1), new TreeSet<>(List.of("a", "b", "c", "d")));
        moving.put(new ShardId(2), new TreeSet<>(List.of("e")));
        var cut = list(ListMovesRequest.getDefaultInstance());
        assertThat(users(cut)).containsExactly("a", "b", "c", "e");
        assertThat(cut.getMore()).isTrue();

        moving.put(new ShardId(1), new TreeSet<>(List.of("a", "b", "c")));
        assertThat(list(ListMovesRequest.getDefaultInstance()).getMore()).isFalse();
    }

    @Test
    void aTokenThatIsNoneIsRefused() {
        for (var token : List.of("next", "/", "-1/a", "99999999999/a")) {
            var request = ListMovesRequest.newBuilder().setPageToken(token).build();
            assertThatThrownBy(() -> list(request))
                    .isInstanceOf(TintypeException.class)
                    .hasMessageContaining("page_token");
        }
    }

    private ListMovesResponse list(ListMovesRequest request) {
        return new MoveLists(List.copyOf(moving.keySet()), this::told)
                .list(request)
                .join();
    }

    private CompletableFuture<io.tintype.proto.internal.v1.ListMovesResponse> told(
            ShardId directory, String after, int max) {
        var behind = Objects.requireNonNull(moving.get(directory)).tailSet(after, false);
        int most = max == 0 ? TOLD_AT_MOST : Math.min(max, TOLD_AT_MOST);
        var some = behind.stream().limit(most).toList();
        var answer = io.tintype.proto.internal.v1.ListMovesResponse.newBuilder();
        some.forEach(user -> answer.addMoves(MovingEntry.newBuilder()
                .setUser(user)
                .setEntry(DirectoryEntry.newBuilder()
                        .setState(DirectoryState.DIRECTORY_STATE_MOVING)
                        .setHome(3)
                        .setPool("eu.free")
                        .setTo(4)
                        .setToPool("eu.paid"))));
        if (some.size() < behind.size()) {
            answer.setNextAfter(some.get(most - 1));
        }
        return CompletableFuture.completedFuture(answer.build());
    }

    private static List<String> users(ListMovesResponse page) {
        return page.getMovesList().stream().map(move -> move.getUser().getId()).toList();
    }
}
