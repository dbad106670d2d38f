// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.checksum.Crc32c;
import io.tintype.client.memory.Content;
import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is in memory of a transfer is bounded, whatever the blob's size and whoever is slow. */
final class FlowControlTest {
    /** Frames on both sides, HTTP/2 windows and socket buffers. */
    private static final long BOUND = 12 << 20;

    private static final long GIB = 1L << 30;

    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    @Test
    void aGibibyteIsSentWithFewBytesUnderWay() {
        var content = Content.repeated(GIB);
        var most = new AtomicLong();
        var source = BlobSource.of(-1, () -> new ContentStream(content))
                .observed(handed -> most.accumulateAndGet(handed - cluster.received.get(), Math::max));

        var stored = client.put("alice", "huge", source, PutOptions.DEFAULT);

        assertThat(stored.info().size()).isEqualTo(GIB);
        assertThat(stored.info().crc32c()).isEqualTo(content.crc());
        assertThat(most.get()).isLessThan(BOUND);
    }

    @Test
    void aGibibyteIsReadWithFewBytesUnderWay() throws IOException {
        cluster.plant("alice", "huge", Content.repeated(GIB));
        long read = 0;
        long most = 0;
        byte[] buffer = new byte[1 << 20];
        try (var in = client.open("alice", "huge")) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                read += n;
                most = Math.max(most, cluster.sent.get() - read);
            }
        }
        assertThat(read).isEqualTo(GIB);
        assertThat(most).isLessThan(BOUND);
    }

    @Test
    void aServerThatDoesNotReadHoldsTheSenderBackWithoutEndingIt() {
        cluster.faults.next(Faults.Kind.STOP_READING, "Put");
        var content = Content.repeated(64 << 20);
        var handed = new AtomicLong();
        var put = client.async()
                .put(
                        "alice",
                        "b",
                        BlobSource.of(-1, () -> new ContentStream(content)).observed(handed::set),
                        PutOptions.DEFAULT);
        Awaitility.await().atMost(Clusters.SOON).until(() -> cluster.received.get() > 0);
        var before = new AtomicLong(-1);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .atMost(Clusters.SOON)
                .until(() -> before.getAndSet(handed.get()) == handed.get());

        assertThat(handed.get()).isLessThan(BOUND);
        assertThat(put).isNotDone();

        Awaitility.await()
                .pollInterval(Duration.ofMillis(1))
                .atMost(Clusters.SOON)
                .until(() -> {
                    cluster.resumeReading();
                    return put.isDone();
                });
        assertThat(put.join().info().size()).isEqualTo(64 << 20);
    }

    @Test
    void aReaderWhoDoesNotReadHoldsTheServerBackAndClosingCancels() throws IOException {
        cluster.plant("alice", "huge", Content.repeated(GIB));
        var in = client.open("alice", "huge");
        assertThat(in.read()).isNotNegative();
        var before = new AtomicLong(-1);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .atMost(Clusters.SOON)
                .until(() -> before.getAndSet(cluster.sent.get()) == cluster.sent.get());

        assertThat(cluster.sent.get()).isLessThan(BOUND);
        in.close();

        Awaitility.await().atMost(Clusters.SOON).until(() -> cluster.cancelled.get() > 0);
        assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    @Test
    @SuppressWarnings("try") // the pipe's end is what is tested
    void aStreamThatIsSlowToGiveItsBytesIsWaitedFor() throws Exception {
        try (var hasty = Clusters.client(cluster)
                        .attemptTimeout(Duration.ofMillis(100))
                        .requestTimeout(Duration.ofMillis(300))
                        .build();
                var out = new PipedOutputStream();
                var in = new PipedInputStream(out)) {
            var put = hasty.async().put("alice", "b", BlobSource.of(in), PutOptions.DEFAULT);
            out.write("first ".getBytes(StandardCharsets.UTF_8));
            out.flush();
            Awaitility.await()
                    .during(Duration.ofMillis(600))
                    .atMost(Clusters.SOON)
                    .until(() -> !put.isDone());
            out.write("second".getBytes(StandardCharsets.UTF_8));
            out.close();

            assertThat(put.get(20, TimeUnit.SECONDS).info().size()).isEqualTo(12);
        }
    }

    /** As a peer that hangs, behind a stream of the application's. */
    @Test
    @SuppressWarnings("try") // the pipe's end is what is tested
    void aStreamThatGivesNothingHoldsNoUploadBeyondItsTime() throws Exception {
        try (var out = new PipedOutputStream();
                var in = new PipedInputStream(out)) {
            var options = PutOptions.DEFAULT.withTimeout(Duration.ofMillis(300));
            assertThat(client.async().put("alice", "b", BlobSource.of(in), options))
                    .failsWithin(Clusters.SOON)
                    .withThrowableThat()
                    .withCauseInstanceOf(UnavailableException.class);
        }
    }

    /** Content as a stream. */
    private static final class ContentStream extends InputStream {
        private final Content content;
        private long position;

        ContentStream(Content content) {
            this.content = content;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (position == content.size()) {
                return -1;
            }
            var slice = content.slice(position, (int) Math.min(length, content.size() - position));
            slice.asReadOnlyByteBuffer().get(target, offset, slice.size());
            position += slice.size();
            return slice.size();
        }
    }

    @Test
    void theGeneratedContentIsWhatItsChecksumSays() {
        var content = Content.repeated(1 << 20);
        var sum = new Crc32c.Running();
        for (long at = 0; at < content.size(); at += 100_000) {
            var slice = content.slice(at, (int) Math.min(100_000, content.size() - at));
            sum.add(Crc32c.of(slice), slice.size());
            at += slice.size() - 100_000;
        }
        assertThat(sum.crc()).isEqualTo(content.crc());
    }
}
