// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Uploads of 1 MiB, all under way at once, each of which sends a part every third of a second and begins anew, when it is told to,
 * where it is refused. Of a hundred users.
 */
final class SlowUploads implements AutoCloseable {
    private static final int BYTES = 1 << 20;
    private static final int PART = 64 << 10;
    /** 200 KB a second. */
    private static final long PAUSE_MS = 320;

    private static final int USERS = 100;
    private static final int PER_CONNECTION = 100;
    private static final Duration UNTOLD = Duration.ofSeconds(1);

    private final List<ManagedChannel> channels = new ArrayList<>();
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
    private final List<PutRequest> parts = new ArrayList<>();
    private final int count;
    private final CountDownLatch left;
    private final Map<String, Integer> refusals = new ConcurrentSkipListMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();
    private final AtomicInteger stored = new AtomicInteger();
    private volatile long begun;
    private volatile long ended;

    /** So many, to a coordinator's gRPC. */
    SlowUploads(String address, int count) {
        this.count = count;
        this.left = new CountDownLatch(count);
        for (int i = 0; i < count; i += PER_CONNECTION) {
            channels.add(NettyChannelBuilder.forTarget(address)
                    .usePlaintext()
                    .directExecutor()
                    .build());
        }
        var data = new byte[BYTES];
        ThreadLocalRandom.current().nextBytes(data);
        for (int at = 0; at < BYTES; at += PART) {
            var bytes = UnsafeByteOperations.unsafeWrap(ByteBuffer.wrap(data, at, PART));
            var part = PutRequest.newBuilder()
                    .setFrame(
                            DataFrame.newBuilder().setOffset(at).setData(bytes).setCrc32C(Crc32c.of(bytes)));
            if (at + PART == BYTES) {
                part.setFinish(PutFinish.newBuilder().setSize(BYTES).setCrc32C(Crc32c.of(data)));
            }
            parts.add(part.build());
        }
    }

    /** All begin. */
    void begin() {
        begun = System.nanoTime();
        for (int i = 0; i < count; i++) {
            new Upload(i).start();
        }
    }

    /** Until all are stored. */
    void await(Duration most) throws InterruptedException {
        if (!left.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("not all were stored: " + outcome());
        }
        ended = System.nanoTime();
    }

    /**
     * What came of them.
     *
     * @param stored how many are stored
     * @param seconds from the beginning of the first to the end of the last
     * @param mostOpen streams open at once, at most
     * @param refusals the reasons for which uploads were begun anew, and how often
     */
    record Outcome(int stored, double seconds, int mostOpen, Map<String, Integer> refusals) {}

    /** What came of them so far. */
    Outcome outcome() {
        return new Outcome(
                stored.get(),
                ((ended == 0 ? System.nanoTime() : ended) - begun) / 1e9,
                mostOpen.get(),
                Map.copyOf(refusals));
    }

    @Override
    public void close() {
        clock.shutdownNow();
        channels.forEach(ManagedChannel::shutdownNow);
    }

    private final class Upload implements ClientResponseObserver<PutRequest, PutResponse> {
        private final int number;
        private final ByteString id;
        private @Nullable ClientCallStreamObserver<PutRequest> call;
        private int next;

        Upload(int number) {
            this.number = number;
            var bytes = ByteBuffer.allocate(16);
            bytes.putLong(ThreadLocalRandom.current().nextLong())
                    .putLong(number)
                    .flip();
            this.id = ByteString.copyFrom(bytes);
        }

        synchronized void start() {
            next = 0;
            mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
            var out = BlobUploadGrpc.newStub(channels.get(number / PER_CONNECTION))
                    .put(this);
            out.onNext(PutRequest.newBuilder()
                    .setHeader(PutHeader.newBuilder()
                            .setUser("slow-" + number % USERS)
                            .setName("n" + number)
                            .setSize(BYTES)
                            .setRequestId(id))
                    .build());
            later(PAUSE_MS);
        }

        private void later(long ms) {
            var unused = clock.schedule(this::send, ms, TimeUnit.MILLISECONDS);
        }

        private synchronized void send() {
            var to = call;
            if (to == null || next == parts.size()) {
                return;
            }
            if (!to.isReady()) {
                later(PAUSE_MS / 8);
                return;
            }
            to.onNext(parts.get(next++));
            if (next == parts.size()) {
                to.onCompleted();
            } else {
                later(PAUSE_MS);
            }
        }

        @Override
        public synchronized void beforeStart(ClientCallStreamObserver<PutRequest> stream) {
            call = stream;
        }

        @Override
        public void onNext(PutResponse response) {
            stored.incrementAndGet();
            left.countDown();
        }

        @Override
        public void onCompleted() {
            open.decrementAndGet();
        }

        @Override
        public void onError(Throwable failure) {
            synchronized (this) {
                call = null;
            }
            open.decrementAndGet();
            var cause = Errors.fromWire(failure);
            refusals.merge(cause.reason().name(), 1, Integer::sum);
            long pause = cause.retryAfter().orElse(UNTOLD).toMillis();
            var unused = clock.schedule(
                    this::start, pause + ThreadLocalRandom.current().nextLong(pause), TimeUnit.MILLISECONDS);
        }
    }
}
