// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Deadline;
import io.tintype.cluster.directory.UserHome;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.Reason;
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
