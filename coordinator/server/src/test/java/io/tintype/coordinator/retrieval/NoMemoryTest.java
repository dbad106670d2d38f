// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import io.grpc.Deadline;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.ReadOptions;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A read for one of whose messages there is no memory ends, whichever it is, and its reader is told. */
final class NoMemoryTest {
    private static final GetRequest REQUEST =
            GetRequest.newBuilder().setUser("u").setName("n").build();

    private final MemoryCluster cached =
            new MemoryCluster(64 << 20, 1L << 30, CacheSettings.DEFAULTS.withMemory(64 << 20));
    private final MemoryCluster uncached = new MemoryCluster(64 << 20, 1L << 30);

    @AfterEach
    void stop() {
        cached.close();
        uncached.close();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1000, 1", "3145728, 1", "3145728, 2", "3145728, 3"})
    void ofBlobsThatAreCached(int size, int message) throws Exception {
        put(cached, size);
        for (int i = 0; i < 2; i++) { // out of the node, then out of memory
            var reader = new Reader<GetResponse>(message);
            reader.reads(cached.retrieval.get(REQUEST, reader));
            assertToldSo(reader);
        }
        var rich = new Reader<GetResponse>(Integer.MAX_VALUE);
        rich.reads(cached.retrieval.get(REQUEST, rich));
        rich.ended.get(60, TimeUnit.SECONDS); // who has memory is served as ever
    }

    @ParameterizedTest
    @CsvSource({"1000, 1", "3145728, 1", "3145728, 2", "3145728, 3"})
    void ofBytesOfABlobThatIsOpen(int size, int message) throws Exception {
        put(cached, size);
        for (int i = 0; i < 2; i++) {
            var reader = new Reader<Frame>(message);
            var blob = cached.retrieval.open(REQUEST).get(60, TimeUnit.SECONDS);
            reader.reads(blob.read(0, size, reader));
            assertToldSo(reader);
        }
    }

    @ParameterizedTest
    @CsvSource({"1000, 1", "3145728, 2"})
    void ofBlobsThatAreNeverCached(int size, int message) throws Exception {
        put(uncached, size);
        var reader = new Reader<GetResponse>(message);
        reader.reads(uncached.retrieval.get(REQUEST, reader));
        assertToldSo(reader);
    }

    /** Between the primary's word and the stream of bytes: a deadline by another clock cannot be held against ours. */
    @Test
    void ofAReadByTheNearestReplicaThatBreaksBeforeItsFirstMessage() {
        put(uncached, 1_000);
        var byAnotherClock = new Deadline.Ticker() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }
        };
        var timer = Executors.newSingleThreadScheduledExecutor();
        var context = Context.current().withDeadline(Deadline.after(1, TimeUnit.HOURS, byAnotherClock), timer);
        try {
            var near = REQUEST.toBuilder()
                    .setOptions(ReadOptions.newBuilder().setConsistency(Consistency.CONSISTENCY_NEAR))
                    .build();
            var reader = new Reader<GetResponse>(Integer.MAX_VALUE);
            context.run(() -> reader.reads(uncached.retrieval.get(near, reader)));
            assertThatThrownBy(() -> reader.ended.get(60, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class,
                            failure -> assertThat(failure.reason()).isEqualTo(Reason.INTERNAL))
                    .hasMessageContaining("Tickers");
        } finally {
            context.cancel(null);
            timer.shutdownNow();
        }
    }

    private static void put(MemoryCluster cluster, int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        cluster.a.frameBytes = 1 << 20; // as nodes do
        cluster.store("u", "n", bytes);
    }

    private static void assertToldSo(Reader<?> reader) {
        assertThatThrownBy(() -> reader.ended.get(60, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(Reason.OVERLOADED))
                .hasMessageContaining("no memory left to pass the bytes on: no room for message");
    }

    /** Takes all messages, and has no memory for one of them. */
    private static final class Reader<A> implements GetStream.Listener<A> {
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final CompletableFuture<GetStream> stream = new CompletableFuture<>();
        private final int without;
        private int came;

        Reader(int without) {
            this.without = without;
        }

        void reads(GetStream from) {
            stream.complete(from);
            from.demand();
        }

        @Override
        public void onMessage(A message) {
            if (++came == without) {
                throw new OutOfMemoryError("no room for message " + came);
            }
            stream.join().demand();
        }

        @Override
        public void onEnd() {
            stream.join().release();
            ended.complete(null);
        }

        @Override
        public void onFailed(TintypeException failure) {
            ended.completeExceptionally(failure);
        }
    }
}
