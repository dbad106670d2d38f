// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Deadline;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.node.RecordLevels;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Users who come to shards that are full. */
final class RegistrarTest {
    private static final UserId ALICE = UserId.of("alice");

    private final MemoryCluster cluster = new MemoryCluster(16 << 20, 1L << 30);

    @AfterEach
    void stop() {
        cluster.close();
    }

    private UserHome register() {
        try {
            return cluster.registrar
                    .register(ALICE, Deadline.after(10, TimeUnit.SECONDS))
                    .join();
        } catch (CompletionException e) {
            throw Errors.fromWire(e);
        }
    }

    private void assertTurnedAway() {
        assertThatThrownBy(this::register)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_FULL));
    }

    private long generation() {
        var entry = cluster.a.entries().get(ALICE.value());
        return entry == null ? 0 : entry.getGeneration();
    }

    /** That it refused him under one generation a shard keeps, so there has to be another one, if for the same shard. */
    @Test
    void whoWasTurnedAwayGetsInOnceThereIsRoom() {
        cluster.a.fullUpToGeneration = Long.MAX_VALUE;
        assertTurnedAway();
        assertTurnedAway();
        long refused = generation();
        cluster.a.fullUpToGeneration = refused;
        var home = await("shards are not asked for room more often than once a second")
                .atMost(Duration.ofSeconds(20))
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(this::register, any -> true);
        assertThat(home.generation()).isGreaterThan(refused).isEqualTo(generation());
    }

    /** A replica of an older program would pass over the pool in the record, and keep another entry than the others. */
    @Test
    void anotherPoolIsEnteredOnlyOnceEveryNodeKnowsHow() {
        cluster.a.fullUpToGeneration = Long.MAX_VALUE;
        assertTurnedAway();
        long refused = generation();
        cluster.recordLevel("b", 0);
        assertHeldBack("b");
        cluster.recordLevel("b", RecordLevels.CURRENT);
        cluster.live("b", false);
        assertHeldBack("b (not live)");
        assertThat(generation()).isEqualTo(refused);

        cluster.live("b", true);
        var home = settleInOtherPool();
        assertThat(home.shard()).isEqualTo(MemoryCluster.OTHERS);
        assertThat(home.pool()).isEqualTo(MemoryCluster.OTHER_POOL);
        assertThat(home.generation()).isGreaterThan(refused);
    }

    private void assertHeldBack(String nodes) {
        assertThatThrownBy(this::settleInOtherPool)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessage(
                        "User 'alice' is entered in pool local.standard, which was full. He can only be registered in pool"
                                + " local.other once every storage node runs a version that knows how: " + nodes
                                + " may not. Upgrade and start these nodes, or make room in local.standard, then try again.");
    }

    private UserHome settleInOtherPool() {
        var entry = cluster.a.entries().get(ALICE.value());
        assertThat(entry).isNotNull();
        try {
            return cluster.registrar
                    .settle(
                            ALICE,
                            new UserHome(
                                    new ShardId(entry.getHome()), entry.getGeneration(), PoolId.parse(entry.getPool())),
                            MemoryCluster.OTHER_POOL,
                            Deadline.after(10, TimeUnit.SECONDS))
                    .join();
        } catch (CompletionException e) {
            throw Errors.fromWire(e);
        }
    }

    @Test
    void aPoolThatStaysFullIsAskedNowAndThenAndNotForEachWhoComes() {
        cluster.a.fullUpToGeneration = Long.MAX_VALUE;
        assertTurnedAway();
        int before = cluster.a.claims.get();
        long began = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            assertTurnedAway();
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + 1;
        assertThat(cluster.a.claims.get() - before)
                .as("claims, for what shards say of their room once a second")
                .isLessThanOrEqualTo((int) (4 * seconds));
    }
}
