// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.ShardUsers.Leaver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a user left behind in a region where he lives no more is not kept. */
final class ForeignCopiesTest {
    private static final ShardId HERE = new ShardId(1);
    private static final int NEAR = 2;
    private static final int FAR = 3;
    private static final int NOWHERE = 4;

    private final Map<UserId, StoredUser> gone = new LinkedHashMap<>();
    private final Map<ShardId, PoolId> pools =
            Map.of(new ShardId(NEAR), PoolId.parse("eu.paid"), new ShardId(FAR), PoolId.parse("us.paid"));
    private final List<ShardId> asked = new ArrayList<>();
    private boolean silent;
    private final ForeignCopies copies = new ForeignCopies(shard -> {
        asked.add(shard);
        return silent
                ? CompletableFuture.failedFuture(new IllegalStateException("out of reach"))
                : CompletableFuture.completedFuture(Optional.ofNullable(pools.get(shard)));
    });

    private final ForeignCopies.Leavers leavers = new ForeignCopies.Leavers() {
        @Override
        public List<Leaver> between(@Nullable Leaver after, long toMs, int limit) {
            var order = Comparator.comparing(Leaver::sinceMs).thenComparing(Leaver::user);
            return gone.entrySet().stream()
                    .map(user -> new Leaver(user.getValue().getSinceMs(), user.getKey()))
                    .filter(leaver -> (after == null || order.compare(leaver, after) > 0) && leaver.sinceMs() < toMs)
                    .sorted(order)
                    .limit(limit)
                    .toList();
        }

        @Override
        public Optional<StoredUser> user(UserId user) {
            return Optional.ofNullable(gone.get(user));
        }
    };

    private void leaves(String user, int to, long atMs) {
        gone.put(
                UserId.of(user),
                StoredUser.newBuilder()
                        .setState(OwnershipState.OWNERSHIP_STATE_GONE)
                        .setOtherShard(to)
                        .setSinceMs(atMs)
                        .build());
    }

    private List<String> found(long beforeMs) {
        return copies.of(HERE, "eu", beforeMs, leavers).stream()
                .map(found -> found.user().value())
                .toList();
    }

    @Test
    void whoMovedToAnotherRegionIsFoundUntilNothingOfHisIsLeft() {
        leaves("near", NEAR, 10);
        leaves("far", FAR, 20);
        leaves("later", FAR, 90);
        found(50); // asks where those shards are
        assertThat(found(50)).containsExactly("far");
        assertThat(found(50)).as("still there").containsExactly("far");
        gone.remove(UserId.of("far"));
        assertThat(found(50)).isEmpty();
        assertThat(found(100)).containsExactly("later");
    }

    @Test
    void eachOfManyWhoStayedInTheRegionIsLookedAtOnce() {
        for (int i = 0; i < 1_000; i++) {
            leaves("near" + i, NEAR, i);
        }
        leaves("far", FAR, 1_000);
        found(2_000);
        assertThat(asked)
                .as("one question, though the answer was not there at once")
                .containsOnly(new ShardId(NEAR));
        for (int i = 0; i < 6; i++) {
            found(2_000);
        }
        assertThat(found(2_000)).containsExactly("far");
    }

    @Test
    void howeverManyLeftAtATimeNobodyStandsInTheWayOfTheNext() {
        for (int i = 0; i < 300; i++) {
            leaves("near" + i, NEAR, 10);
        }
        leaves("refused", 0, 10);
        leaves("far", FAR, 10);
        assertThat(soonFound()).contains("far");
    }

    @Test
    void thoseOfWhomItIsNotKnownWhereTheyLiveStandInNobodysWay() {
        for (int i = 0; i < 300; i++) {
            leaves("lost" + i, NOWHERE, i);
        }
        for (int i = 0; i < 300; i++) {
            leaves("refused" + i, 0, 300 + i);
        }
        leaves("far", FAR, 1_000);
        assertThat(soonFound()).containsOnly("far");
    }

    private List<String> soonFound() {
        var all = new ArrayList<String>();
        for (int round = 0; round < 6; round++) {
            all.addAll(found(2_000));
        }
        return all;
    }

    @Test
    void nobodyIsPassedOverWhileItIsNotKnownWhereHeLives() {
        silent = true;
        leaves("far", FAR, 10);
        assertThat(found(50)).isEmpty();
        silent = false;
        found(50);
        assertThat(found(50)).containsExactly("far");
    }
}
