// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.ChannelCredentials;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a client can be set to. Immutable.
 *
 * @param seeds coordinators as host:port, at least one
 * @param retry how often and how fast to repeat
 * @param requestTimeout for how long an operation may go on without progress, retries included
 * @param attemptTimeout for how long one attempt may go on without a sign of life
 * @param routing which way requests take
 * @param channels how connections are made
 * @param maxCallsInFlight most operations at once
 */
public record ClientSettings(
        List<String> seeds,
        Retry retry,
        Duration requestTimeout,
        Duration attemptTimeout,
        Routing routing,
        Channels channels,
        int maxCallsInFlight) {
    public ClientSettings {
        seeds = List.copyOf(seeds);
    }

    /**
     * How often and how fast to repeat.
     *
     * @param maxAttempts tries in all, 1 or more
     * @param firstBackoff wait before the second try; doubles with each
     * @param maxBackoff longest wait
     */
    public record Retry(int maxAttempts, Duration firstBackoff, Duration maxBackoff) {}

    /**
     * Which way requests take.
     *
     * @param direct whether to go straight to storage nodes where the map allows
     * @param region region of this process, for choosing near replicas; empty: not known
     * @param zone zone of this process; empty: not known
     * @param hedgeAfter after which wait for a read's first byte to ask a second server; null: never
     */
    public record Routing(
            boolean direct,
            String region,
            String zone,
            @Nullable Duration hedgeAfter) {
        /** How long a replica may be silent, where any may answer, before another is asked as well. */
        private static final Duration PATIENCE = Duration.ofMillis(200);

        /** The time after which a read that any replica may answer is asked of another one too. */
        public Duration patience() {
            return hedgeAfter != null && hedgeAfter.compareTo(PATIENCE) < 0 ? hedgeAfter : PATIENCE;
        }
    }

    /**
     * How connections are made.
     *
     * @param credentials plaintext or TLS
     * @param maxChannels most connections kept
     */
    public record Channels(ChannelCredentials credentials, int maxChannels) {}
}
