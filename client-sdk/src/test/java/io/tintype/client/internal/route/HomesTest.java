// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.InsecureChannelCredentials;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.Coordinators;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a client remembers of where users live. */
final class HomesTest {
    private static final Duration SOON = Duration.ofSeconds(1);

    private final Homes homes = new Homes(nobody(), Runnable::run);

    private static Coordinators nobody() {
        var channels = new ClientSettings.Channels(InsecureChannelCredentials.create(), 1);
        var settings = new ClientSettings(
                List.of(),
                new ClientSettings.Retry(1, SOON, SOON),
                SOON,
                SOON,
                new ClientSettings.Routing(true, "", "", null),
                channels,
                1);
        return new Coordinators(settings, new ChannelCache(channels, Runnable::run));
    }

    @Test
    void whatAServerSaidIsKnownUntilItTurnsOutWrong() {
        assertThat(homes.known("alice")).isEmpty();
        homes.learn("alice", 7);
        homes.learn("alice", 8);
        assertThat(homes.known("alice")).hasValue(8);
        homes.forget("alice");
        assertThat(homes.known("alice")).isEmpty();
    }

    @Test
    void soManyUsersAreRememberedAndNoMore() {
        int users = Homes.MAX_USERS + 5_000;
        for (int i = 0; i < users; i++) {
            homes.learn("user-" + i, i);
        }
        // Whoever reads does what is left to be done, on his own thread.
        IntStream.range(0, users).forEach(i -> homes.known("user-" + i));
        assertThat(IntStream.range(0, users)
                        .filter(i -> homes.known("user-" + i).equals(Optional.of(i)))
                        .count())
                .isEqualTo(Homes.MAX_USERS);
    }
}
