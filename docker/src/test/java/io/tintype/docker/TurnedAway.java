// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.AlreadyExistsException;
import io.tintype.client.PoolEdit;
import io.tintype.client.PoolInfo;
import io.tintype.client.StorageFullException;
import io.tintype.client.TintypeClient;
import io.tintype.client.UnavailableException;
import io.tintype.client.UserNotFoundException;
import io.tintype.model.PoolId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/**
 * Users who are entered in a pool that was full and are registered in another one later: by a record that an older program
 * would apply otherwise. Used by one thread.
 */
final class TurnedAway {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final PoolId FULL = PoolId.parse("eu.small");
    private static final PoolId OTHER = PoolId.parse("eu.large");
    private static final int AT_ONCE = 16;

    private final TintypeClient client;
    private final Deque<String> waiting = new ArrayDeque<>();
    private int users;
    private int limit = 1;

    /** Makes the pools; the client gives up soon. */
    TurnedAway(TintypeClient client) {
        this.client = client;
        client.admin().createPool(new PoolInfo(FULL, 3, 2, limit, 1));
        client.admin().createPool(new PoolInfo(OTHER, 3, 2, 1_000, 1));
        for (var pool : new PoolId[] {FULL, OTHER}) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> client.admin().shards(pool).stream()
                            .anyMatch(shard -> shard.primary().isPresent()));
        }
    }

    /** Has more users come to the full pool than it has room for, until some of them are entered and turned away. */
    void comeAtOnce() {
        Awaitility.await().atMost(PATIENCE).until(() -> {
            client.admin().changePool(PoolEdit.of(FULL).usersPerShard(++limit));
            CompletableFuture.allOf(IntStream.range(0, AT_ONCE)
                            .mapToObj(i -> "turned-away-" + users++)
                            .map(user -> CompletableFuture.runAsync(() -> come(user)))
                            .toArray(CompletableFuture<?>[]::new))
                    .join();
            return waiting.size() >= AT_ONCE;
        });
    }

    private void come(String user) {
        try {
            client.users().register(user, FULL);
        } catch (StorageFullException full) {
            if (isEntered(user)) {
                synchronized (waiting) {
                    waiting.add(user);
                }
            }
        }
    }

    private boolean isEntered(String user) {
        try {
            return client.users().lookup(user).pool().equals(FULL);
        } catch (UserNotFoundException unknown) {
            return false;
        }
    }

    /** Has one of them ask for the other pool; yields what came of it, which depends on the versions that run. */
    String ask() {
        var user = waiting.remove();
        try {
            var registered = client.users().register(user, OTHER).user();
            assertThat(registered.pool()).isEqualTo(OTHER);
            assertThat(registered.generation()).as("he was entered before").isGreaterThan(1);
            client.put(user, "image", new byte[] {1});
            assertThat(client.get(user, "image").bytes()).containsExactly(1);
            return "registered";
        } catch (AlreadyExistsException | StorageFullException e) {
            return "refused by a coordinator that knows no other way";
        } catch (UnavailableException e) {
            return "held back: " + e.getMessage();
        }
    }
}
