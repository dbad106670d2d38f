// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.http.RangeHeader.Span;
import io.tintype.coordinator.testing.MemoryCluster;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of a cache stay where they are while a connection sends from them, however the answer ends. */
final class SpanSenderTest {
    private static final int PIECE = 1 << 20;

    private final MemoryCluster cluster =
            new MemoryCluster(64 << 20, 1L << 30, CacheSettings.DEFAULTS.withMemory(16 << 20));

    private final List<Callback> writes = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger answered = new AtomicInteger();

    @AfterEach
    void stop() {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPieceThatIsBeingSentIsNotGivenBackWhereTheRestFails(boolean writeSucceeds) {
        cluster.a.frameBytes = PIECE; // as nodes do
        cluster.store("u", "n", HttpStage.bytes(3 * PIECE, 1));
        var head = cluster.a.blob("u", "n").orElseThrow().head();
        var memory = cluster.retrieval.caches().layers().get(0);
        var first = ByteString.copyFrom(HttpStage.bytes(PIECE, 1));
        var key = PieceSpec.of(head, 0).key();
        memory.offer(key, Piece.onHeap(first, Crc32c.of(first)));
        long held = memory.heldBytes();
        assertThat(held).isPositive();

        new SpanSender(
                        cluster.retrieval.known(head),
                        List.of(new Span(0, 3L * PIECE)),
                        Multipart.NONE,
                        null,
                        slowResponse(),
                        Callback.from(answered::incrementAndGet, failure -> answered.incrementAndGet()),
                        failures::add)
                .begin();
        await().until(() -> writes.size() == 1); // of the first piece, and the node has begun to send the rest
        cluster.a.breakOffGets();
        await().until(() -> failures.size() == 1);
        memory.drop(key);
        await().during(Duration.ofMillis(200)).until(() -> memory.heldBytes() == held);

        if (writeSucceeds) {
            writes.get(0).succeeded();
        } else {
            writes.get(0).failed(new IOException("reset"));
        }
        await().until(() -> memory.heldBytes() == 0);
        assertThat(writes).as("writes, none of them after the failure").hasSize(1);
        assertThat(failures).hasSize(1);
        assertThat(answered).as("who was told of the failure answers").hasValue(0);
    }

    /** Takes what is written, and never ends a write by itself. */
    private Response slowResponse() {
        return (Response) Proxy.newProxyInstance(
                SpanSenderTest.class.getClassLoader(), new Class<?>[] {Response.class}, (proxy, method, args) -> {
                    if (!method.getName().equals("write")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    writes.add((Callback) args[2]);
                    return null;
                });
    }
}
