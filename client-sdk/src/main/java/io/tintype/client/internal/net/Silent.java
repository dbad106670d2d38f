// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;

/**
 * Servers that did not answer lately: others are asked first, so that a dead or hung one costs its delay once and not once a
 * request. Bounded; forgets after {@link #FOR}. Thread-safe.
 */
public final class Silent {
    /** For how long a server that did not answer is asked last. */
    public static final Duration FOR = Duration.ofSeconds(3);

    private static final int MAX_SERVERS = 1_000;

    private final Cache<String, Boolean> servers =
            Caffeine.newBuilder().maximumSize(MAX_SERVERS).expireAfterWrite(FOR).build();

    /** A server could not be reached, or another one answered first. */
    public void note(String address) {
        servers.put(address, true);
    }

    /** Whether it did not answer lately. */
    public boolean isSilent(String address) {
        return servers.getIfPresent(address) != null;
    }
}
