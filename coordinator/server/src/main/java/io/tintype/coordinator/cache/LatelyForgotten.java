// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;

/**
 * Users who were forgotten lately: what was on its way then must not be kept when it comes. Far longer than any read takes, far
 * shorter than the day for which an erased user's id is refused. Thread-safe.
 */
final class LatelyForgotten {
    private static final Duration REMEMBERED = Duration.ofMinutes(10);
    private static final int MOST = 100_000;

    private final Cache<String, Boolean> users =
            Caffeine.newBuilder().maximumSize(MOST).expireAfterWrite(REMEMBERED).build();

    void add(String user) {
        users.put(user, true);
    }

    boolean contains(String user) {
        return users.getIfPresent(user) != null;
    }
}
