// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.client.internal.Reading;
import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetResponse;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one version of a blob for one subscriber, as fast as he asks for them; checked like those of {@link
 * BlobInputStream}. Buffers are read-only. Subscribe, or {@link #close}: an open read counts among the client's calls in
 * flight.
 *
 * <p>The subscriber is called by one thread at a time, on the client's threads, and may block.
 */
public final class BlobPublisher implements Flow.Publisher<ByteBuffer>, AutoCloseable {
    private static final int AHEAD = 2;

    private final CompletableFuture<BlobPublisher> opened = new CompletableFuture<>();
    private final ArrayDeque<ByteString> frames = new ArrayDeque<>();
    private final AtomicInteger work = new AtomicInteger();
    private final AtomicReference<Flow.@Nullable Subscriber<? super ByteBuffer>> subscriber = new AtomicReference<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable Reading reading;
    private volatile @Nullable BlobInfo info;
    private volatile Freshness freshness = Freshness.CURRENT;

    // Guarded by frames.
    private long demand;
    private boolean delivered;
    private boolean finished;
    private @Nullable Throwable failure;

    BlobPublisher() {}

    CompletableFuture<BlobPublisher> start(Reading download) {
        reading = download;
        download.request(AHEAD);
        download.start();
        return opened;
    }

    /** What is known of this version; its size is that of the whole blob, also where a range is read. */
    public BlobInfo info() {
        var known = info;
        if (known == null) {
            throw new IllegalStateException("not open");
        }
        return known;
    }

    /** How fresh the answer is. */
    public Freshness freshness() {
        return freshness;
    }

    /** Takes its one subscriber; others are refused with {@link IllegalStateException}. */
    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> next) {
        if (!subscriber.compareAndSet(null, next)) {
            next.onSubscribe(new Refused());
            next.onError(new IllegalStateException("a blob's bytes go to one subscriber"));
            return;
        }
        next.onSubscribe(new Demand());
        drain();
    }

    /** Cancels what has not been handed out. */
    @Override
    public void close() {
        over.set(true);
        cancelReading();
    }

    private void drain() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            handOut();
            seen = work.addAndGet(-seen);
        }
    }

    private void handOut() {
        var to = subscriber.get();
        while (to != null && !over.get()) {
            ByteString next;
            Throwable broken;
            synchronized (frames) {
                boolean ended = frames.isEmpty() && (finished || failure != null);
                if (!ended && (demand == 0 || frames.isEmpty())) {
                    return;
                }
                next = frames.poll();
                broken = failure;
                if (next != null) {
                    demand--;
                    delivered = true;
                }
            }
            if (next != null) {
                hand(next, to);
                var from = reading;
                if (from != null) {
                    from.request(1);
                }
            } else if (over.compareAndSet(false, true)) {
                if (broken != null) {
                    to.onError(broken);
                } else {
                    to.onComplete();
                }
            }
        }
    }

    private void hand(ByteString frame, Flow.Subscriber<? super ByteBuffer> to) {
        try {
            to.onNext(frame.asReadOnlyByteBuffer());
        } catch (RuntimeException | Error e) { // who throws has cancelled, by the rules, and would not do it himself
            close();
            throw e;
        }
    }

    private void cancelReading() {
        var from = reading;
        if (from != null) {
            from.cancel();
        }
    }

    private final class Demand implements Flow.Subscription {
        @Override
        public void request(long n) {
            synchronized (frames) {
                if (n <= 0) {
                    failure = new IllegalArgumentException("asked for " + n + " buffers");
                    frames.clear();
                } else {
                    demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
                }
            }
            drain();
            if (n <= 0) {
                cancelReading();
            }
        }

        @Override
        public void cancel() {
            close();
        }
    }

    private static final class Refused implements Flow.Subscription {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }

    /** Made apart, so that nobody outside can feed it. */
    DownloadSink sink() {
        return new Sink();
    }

    private final class Sink implements DownloadSink {
        @Override
        public void opened(GetResponse first) {
            var news = Convert.info(first.getHead());
            var known = info;
            if (known != null && !known.version().equals(news.version())) {
                throw new TintypeException(
                        Reason.VERSION_GONE, "'" + news.name() + "' was replaced while it was read; start over");
            }
            info = news;
            freshness = Convert.freshness(first.getFreshness());
            opened.complete(BlobPublisher.this);
        }

        @Override
        public void data(Pieces bytes) {
            synchronized (frames) {
                frames.add(UnsafeByteOperations.unsafeWrap(bytes.toArray()));
            }
            drain();
        }

        @Override
        public boolean restart() {
            int forgotten;
            synchronized (frames) {
                forgotten = frames.size();
                frames.clear();
                if (delivered) {
                    return false;
                }
            }
            var from = reading;
            if (from != null && forgotten > 0) {
                from.request(forgotten); // they will not be handed out, which would have asked for as many
            }
            return true;
        }

        @Override
        public void finished() {
            synchronized (frames) {
                finished = true;
            }
            drain();
        }

        @Override
        public void failed(Throwable thrown) {
            synchronized (frames) {
                failure = failure == null ? Typed.of(thrown) : failure;
            }
            opened.completeExceptionally(thrown);
            drain();
        }
    }
}
