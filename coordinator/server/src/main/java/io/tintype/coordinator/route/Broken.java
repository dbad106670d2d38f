// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Map;

/** What callers are told where a step of passing their request on threw what nobody expected. Stateless and thread-safe. */
public final class Broken {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private Broken() {}

    /** The reason for the caller: OVERLOADED where memory was missing, else INTERNAL. */
    public static TintypeException of(Throwable failure) {
        if (failure instanceof OutOfMemoryError) {
            return new TintypeException(
                    Reason.OVERLOADED,
                    "This coordinator had no memory left to pass the bytes on: " + failure.getMessage()
                            + ". Try again a little later, or give it more (-Xmx, -XX:MaxDirectMemorySize), or fewer bytes in"
                            + " flight (uploadBytesInFlight, cache.memoryBytes).",
                    Map.of(),
                    RETRY,
                    failure);
        }
        return new TintypeException(
                Reason.INTERNAL,
                "This coordinator failed: " + failure + ". Its log tells more.",
                Map.of(),
                null,
                failure);
    }
}
