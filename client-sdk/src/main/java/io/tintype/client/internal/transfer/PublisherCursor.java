// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Takes buffers from a publisher, one ahead of what was asked for, and gives them out in frames. Its buffers are sent
 * without copying where they fill a frame: the publisher must not change them afterwards.
 */
public final class PublisherCursor implements ByteSource.Cursor, Flow.Subscriber<ByteBuffer> {
    private final Runnable wake;
    private final ArrayDeque<ByteString> pending = new ArrayDeque<>();
    private int pendingBytes;
    private boolean asked;
    private boolean completed;
    private @Nullable Throwable failure;
    private Flow.@Nullable Subscription subscription;
    private boolean closed;

    private PublisherCursor(Runnable wake) {
        this.wake = wake;
    }

    /** Subscribes. */
    public static PublisherCursor subscribe(Flow.Publisher<ByteBuffer> publisher, Runnable wake) {
        var cursor = new PublisherCursor(wake);
        publisher.subscribe(cursor);
        return cursor;
    }

    @Override
    public @Nullable ByteString next(int max) throws IOException {
        Flow.Subscription more = null;
        synchronized (this) {
            if (failure != null) {
                throw new IOException("the publisher of the blob's bytes failed: " + failure, failure);
            }
            if (pendingBytes >= max || completed) {
                return take(max);
            }
            if (!asked && subscription != null) {
                asked = true;
                more = subscription;
            }
        }
        if (more != null) {
            more.request(1);
        }
        return null;
    }

    private ByteString take(int max) {
        var frame = ByteString.EMPTY;
        while (frame.size() < max && !pending.isEmpty()) {
            var buffer = pending.removeFirst();
            int room = max - frame.size();
            if (buffer.size() > room) {
                pending.addFirst(buffer.substring(room));
                buffer = buffer.substring(0, room);
            }
            frame = frame.concat(buffer);
        }
        pendingBytes -= frame.size();
        return frame;
    }

    @Override
    public synchronized boolean atEnd() {
        return completed && failure == null && pendingBytes == 0;
    }

    @Override
    public void close() {
        Flow.Subscription last;
        synchronized (this) {
            closed = true;
            pending.clear();
            last = subscription;
        }
        if (last != null) {
            last.cancel();
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        boolean refuse;
        synchronized (this) {
            refuse = closed || subscription != null;
            if (!refuse) {
                subscription = given;
                asked = true;
            }
        }
        if (refuse) {
            given.cancel();
        } else {
            given.request(1);
        }
    }

    @Override
    public void onNext(ByteBuffer buffer) {
        synchronized (this) {
            asked = false;
            if (!closed && buffer.hasRemaining()) {
                pending.add(UnsafeByteOperations.unsafeWrap(buffer));
                pendingBytes += buffer.remaining();
            }
        }
        wake.run();
    }

    @Override
    public void onError(Throwable thrown) {
        synchronized (this) {
            failure = thrown;
        }
        wake.run();
    }

    @Override
    public void onComplete() {
        synchronized (this) {
            completed = true;
        }
        wake.run();
    }
}
