// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls that are given up leave nothing behind, and nobody waits for ever for one that cannot go on. */
@Timeout(60)
final class GivenUpTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    private final InMemoryTintype cluster = new InMemoryTintype();

    @AfterEach
    void close() {
        cluster.close();
    }

    private enum Opening {
        STREAM {
            @Override
            CompletableFuture<?> begin(TintypeClient client) {
                return client.async().open("alice", "b", GetOptions.DEFAULT);
            }
        },
        CHANNEL {
            @Override
            CompletableFuture<?> begin(TintypeClient client) {
                return client.async().openChannel("alice", "b", GetOptions.DEFAULT);
            }
        },
        PUBLISHER {
            @Override
            CompletableFuture<?> begin(TintypeClient client) {
                return client.async().openPublisher("alice", "b", GetOptions.DEFAULT);
            }
        };

        abstract CompletableFuture<?> begin(TintypeClient client);
    }

    @ParameterizedTest
    @EnumSource(Opening.class)
    void aReadThatIsGivenUpBeforeItIsOpenMakesRoomForOthers(Opening opening) {
        try (var narrow = Clusters.client(cluster)
                .attemptTimeout(LONG)
                .requestTimeout(LONG)
                .maxCallsInFlight(1)
                .build()) {
            narrow.put("alice", "b", new byte[] {1});
            cluster.faults.next(Faults.Kind.HANG, "Get");
            var begun = opening.begin(narrow);
            makesRoomOnceGivenUp(begun, narrow);
        }
    }

    private void makesRoomOnceGivenUp(Future<?> begun, TintypeClient narrow) {
        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> cluster.faults.calls("Get").size() == 1);

        assertThat(begun.cancel(true)).isTrue();

        Awaitility.await()
                .atMost(Clusters.SOON)
                .ignoreException(OverloadedException.class)
                .until(() -> narrow.head("alice", "b").size() == 1);
    }

    /** Whoever puts up with what is a second old may share one request with others who do. */
    @Test
    void aReadThatCouldBeSharedAndIsGivenUpMakesRoomForOthers() {
        try (var narrow = Clusters.client(cluster)
                .attemptTimeout(LONG)
                .requestTimeout(LONG)
                .maxCallsInFlight(1)
                .nearCacheBytes(1 << 20)
                .build()) {
            narrow.put("alice", "b", new byte[] {1});
            cluster.faults.next(Faults.Kind.HANG, "Get");
            var second = GetOptions.DEFAULT.withConsistency(Consistency.boundedStaleness(Duration.ofSeconds(1)));
            var begun = narrow.async().get("alice", "b", second);
            makesRoomOnceGivenUp(begun, narrow);
        }
    }

    @Test
    void anUploadWhoseSourceThrowsAnErrorFails() {
        try (var client = Clusters.client(cluster).requestTimeout(LONG).build()) {
            var broken = BlobSource.of(-1, () -> new InputStream() {
                @Override
                public int read() {
                    throw new NoClassDefFoundError("on purpose");
                }

                @Override
                public int read(byte[] into, int from, int most) {
                    return read();
                }
            });
            assertThatThrownBy(() -> client.put("alice", "b", broken, PutOptions.DEFAULT))
                    .isInstanceOf(NoClassDefFoundError.class)
                    .hasMessage("on purpose");
        }
    }

    @Test
    void aListenerThatFailsInWhateverWayHoldsNobodyUp() {
        try (var client = Clusters.client(cluster)
                .listener(report -> {
                    throw new AssertionError("on purpose");
                })
                .build()) {
            client.put("alice", "b", new byte[] {1});
            assertThat(client.get("alice", "b").bytes()).containsExactly(1);
        }
    }
}
