// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceLayer;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.http.RangeHeader.Span;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.proto.v1.BlobHead;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
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
        var key = PieceSpec.of(store(), 0).key();
        long held = memory().heldBytes();
        assertThat(held).isPositive();

        send(response(writes::add), List.of(new Span(0, 3L * PIECE)), Multipart.NONE);
        await().until(() -> writes.size() == 1); // of the first piece, and the node has begun to send the rest
        cluster.a.breakOffGets();
        await().until(() -> failures.size() == 1);
        memory().drop(key);
        await().during(Duration.ofMillis(200)).until(() -> memory().heldBytes() == held);

        if (writeSucceeds) {
            writes.get(0).succeeded();
        } else {
            writes.get(0).failed(new IOException("reset"));
        }
        await().until(() -> memory().heldBytes() == 0);
        assertThat(writes).as("writes, none of them after the failure").hasSize(1);
        assertThat(failures).hasSize(1);
        assertThat(answered).as("who was told of the failure answers").hasValue(0);
    }

    /** Jetty calls for it as the write before ends, and does nothing about what is thrown then. */
    @Test
    void aPieceOfWhichAWriteThrowsIsGivenBack() {
        var head = store();
        var spans = List.of(new Span(0, 10), new Span(20, 30));
        send(
                response(write -> {
                    writes.add(write);
                    if (writes.size() == 2) {
                        throw new IllegalStateException("on purpose");
                    }
                }),
                spans,
                Multipart.of(spans, head));
        await().until(() -> writes.size() == 1); // of what stands before the first bytes
        writes.get(0).succeeded();
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("on purpose"));
        memory().drop(PieceSpec.of(head, 0).key());
        await().until(() -> memory().heldBytes() == 0);
        assertThat(answered).as("who was told of the failure answers").hasValue(0);
    }

    @Test
    void whereTheNextStretchCannotBeReadWhatThoseBeforeItHoldIsGivenBack() {
        var head = store();
        var spans = new AbstractList<Span>() {
            @Override
            public Span get(int index) {
                if (index == 1) {
                    throw new AssertionError("on purpose");
                }
                return new Span(0, 10);
            }

            @Override
            public int size() {
                return 2;
            }
        };
        send(response(writes::add), spans, Multipart.NONE);
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("on purpose"));
        memory().drop(PieceSpec.of(head, 0).key());
        assertThat(memory().heldBytes()).isZero();
        assertThat(writes).isEmpty();
        assertThat(answered).as("who was told of the failure answers").hasValue(0);
    }

    /** A blob of three pieces, of which the first is in memory; what nodes send is not kept there. */
    private BlobHead store() {
        cluster.a.frameBytes = PIECE; // as nodes do
        cluster.store("u", "n", HttpStage.bytes(3 * PIECE, 1));
        var head = cluster.a.blob("u", "n").orElseThrow().head();
        var first = ByteString.copyFrom(HttpStage.bytes(PIECE, 1));
        memory().offer(PieceSpec.of(head, 0).key(), Piece.onHeap(first, Crc32c.of(first)));
        return head;
    }

    private PieceLayer memory() {
        return cluster.retrieval.caches().layers().get(0);
    }

    private void send(Response response, List<Span> spans, Multipart around) {
        new SpanSender(
                        cluster.retrieval.known(
                                cluster.a.blob("u", "n").orElseThrow().head()),
                        spans,
                        around,
                        null,
                        response,
                        Callback.from(answered::incrementAndGet, failure -> answered.incrementAndGet()),
                        failures::add)
                .begin();
    }

    /** Hands what is written to, and never ends a write by itself. */
    private static Response response(Consumer<Callback> write) {
        return (Response) Proxy.newProxyInstance(
                SpanSenderTest.class.getClassLoader(), new Class<?>[] {Response.class}, (proxy, method, args) -> {
                    if (!method.getName().equals("write")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    write.accept((Callback) args[2]);
                    return null;
                });
    }
}
