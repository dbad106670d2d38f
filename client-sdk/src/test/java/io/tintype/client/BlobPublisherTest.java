// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.memory.InMemoryTintype;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscribers who do not keep to the rules of {@link Flow}: their reads end with that, as if they had cancelled. */
final class BlobPublisherTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client =
            Clusters.client(cluster).maxCallsInFlight(1).build();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    private BlobPublisher open() throws Exception {
        client.put("alice", "small", new byte[10]);
        client.put("alice", "large", new byte[20 << 20]);
        return client.async()
                .openPublisher("alice", "large", GetOptions.DEFAULT)
                .get(20, TimeUnit.SECONDS);
    }

    /** An open read is a call in flight, of which this client may have one. */
    private void awaitEndOfRead() {
        Awaitility.await()
                .atMost(Clusters.SOON)
                .ignoreException(OverloadedException.class)
                .until(() -> client.get("alice", "small").length() == 10);
    }

    @Test
    void whoAsksForLessThanOneBufferIsTold() throws Exception {
        open().subscribe(new Subscriber() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                given.request(0);
            }
        });
        assertThat(failed.get(20, TimeUnit.SECONDS)).isInstanceOf(IllegalArgumentException.class);
        awaitEndOfRead();
    }

    /** On his own thread, where a buffer is there as he asks for it, else on one of the client's. */
    @Test
    void whoThrowsGetsNothingMore() throws Exception {
        var publisher = open();
        var thrown = new CompletableFuture<Void>();
        var unused = CompletableFuture.runAsync(() -> publisher.subscribe(new Subscriber() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                Awaitility.await().atMost(Clusters.SOON).until(() -> cluster.sent.get() > 1 << 20);
                given.request(1);
            }

            @Override
            public void onNext(ByteBuffer bytes) {
                thrown.complete(null);
                throw new IllegalStateException("on purpose");
            }
        }));
        thrown.get(20, TimeUnit.SECONDS);
        awaitEndOfRead();
        assertThat(failed).isNotDone();
    }

    private abstract class Subscriber implements Flow.Subscriber<ByteBuffer> {
        @Override
        public void onNext(ByteBuffer bytes) {}

        @Override
        public void onError(Throwable failure) {
            failed.complete(failure);
        }

        @Override
        public void onComplete() {}
    }
}
