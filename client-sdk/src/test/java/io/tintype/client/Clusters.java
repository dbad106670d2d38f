// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.memory.InMemoryTintype;
import java.time.Duration;
import java.util.Random;
import org.awaitility.Awaitility;

/** What the tests have in common. */
final class Clusters {
    static final Duration SOON = Duration.ofSeconds(20);

    private Clusters() {}

    /** A client of both coordinators whose patience suits a test. */
    static TintypeClientBuilder client(InMemoryTintype cluster) {
        return TintypeClient.builder()
                .seeds(cluster.address("c0"), cluster.address("c1"))
                .requestTimeout(SOON)
                .attemptTimeout(Duration.ofSeconds(5))
                .backoff(Duration.ofMillis(5), Duration.ofMillis(50));
    }

    /** Makes sure that the client knows the map and where a user lives, so that requests go straight to n0. */
    static void warmUp(TintypeClient client, InMemoryTintype cluster, String user) {
        Awaitility.await().atMost(SOON).until(() -> {
            client.put(user, "warm", new byte[] {1});
            var puts = cluster.faults.calls("Put");
            return puts.get(puts.size() - 1).startsWith("n");
        });
    }

    static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
