// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever waits for a client hears of it when that is closed. */
@Timeout(60)
final class ClosingTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = TintypeClient.builder()
            .seeds(cluster.address("c0"), cluster.address("c1"))
            .requestTimeout(LONG)
            .attemptTimeout(LONG)
            .backoff(LONG, LONG)
            .build();

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    @Test
    void whatWaitsForItsNextTryEnds() throws Exception {
        client.users().register("alice");
        cluster.faults.next(1000, Faults.Kind.REFUSE, call -> !call.endsWith(" LookupUser"));
        var waiting = List.of(
                client.async().head("alice", "b", HeadOptions.DEFAULT),
                client.async().get("alice", "b", GetOptions.DEFAULT),
                client.async().put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT),
                blocking(() -> client.delete("alice", "b")),
                blocking(() -> client.users().register("bob")));
        // Not only refused: who has not heard of it yet is told that it is not known what became of a change.
        Awaitility.await("all were refused and heard of it")
                .atMost(Clusters.SOON)
                .until(() -> client.async().core().pausing() == waiting.size());

        client.close();

        for (var call : waiting) {
            assertThat(failureOf(call))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("client is closed");
        }
    }

    @Test
    void whatIsUnderWayEndsAndOfAChangeItIsNotKnownWhetherItWasMade() throws Exception {
        client.users().register("alice");
        cluster.faults.next(1000, Faults.Kind.HANG, call -> !call.endsWith(" LookupUser"));
        var read = client.async().get("alice", "b", GetOptions.DEFAULT);
        var changes = List.of(
                client.async().put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT),
                blocking(() -> client.delete("alice", "b")));
        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> List.of("Get", "Put", "Delete").stream()
                        .noneMatch(method -> cluster.faults.calls(method).isEmpty()));

        client.close();

        assertThat(failureOf(read)).isInstanceOf(UnavailableException.class);
        for (var change : changes) {
            assertThat(failureOf(change))
                    .isInstanceOfSatisfying(
                            OutcomeUnknownException.class,
                            unknown -> assertThat(unknown.requestId()).isPresent());
        }
    }

    /** A call by a thread of its own, which waits. */
    private static <T> CompletableFuture<T> blocking(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, task -> new Thread(task, "application").start());
    }

    private static Throwable failureOf(CompletableFuture<?> call) throws Exception {
        return call.<Throwable>handle((value, thrown) ->
                        thrown == null ? new AssertionError("it answered " + value) : Typed.of(thrown))
                .get(10, TimeUnit.SECONDS);
    }
}
