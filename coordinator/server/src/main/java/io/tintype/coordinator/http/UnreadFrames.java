// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http2.BufferingFlowControlStrategy;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2's flow control, which bounds the bytes of bodies that nobody has read yet, with a bound on their frames as well: each
 * costs memory of its own, however few bytes it has. A stream that sends one too many is reset. Of one connection; thread-safe.
 */
final class UnreadFrames extends BufferingFlowControlStrategy {
    /** Most frames of a connection's bodies that wait to be read: with 64 bytes each they fill its window. */
    static final int MOST = 16 << 10;

    /** The part of the window that is read before the client hears of it, as Jetty has it by itself. */
    private static final float BEFORE_UPDATE = 0.5f;

    /** Stands for the number of a stream that is gone: of it nothing is counted any more. */
    private static final int GONE = -1;

    private final Map<Stream, AtomicInteger> byStream = new ConcurrentHashMap<>();
    private final AtomicInteger all = new AtomicInteger();

    UnreadFrames() {
        super(BEFORE_UPDATE);
    }

    @Override
    public void onStreamCreated(Stream stream) {
        super.onStreamCreated(stream);
        byStream.put(stream, new AtomicInteger());
    }

    /** What nobody has read of it is gone with it. */
    @Override
    public void onStreamDestroyed(Stream stream) {
        super.onStreamDestroyed(stream);
        var unread = byStream.remove(stream);
        if (unread != null) {
            all.addAndGet(-unread.getAndSet(GONE));
        }
    }

    @Override
    public void onDataReceived(Session session, @Nullable Stream stream, int length) {
        super.onDataReceived(session, stream, length);
        var unread = stream == null ? null : byStream.get(stream);
        if (stream != null
                && unread != null
                && unread.getAndUpdate(count -> count == GONE ? GONE : count + 1) != GONE
                && all.incrementAndGet() > MOST
                && session instanceof HTTP2Session whole) {
            // Not only a reset, of which whoever handles the request would not hear.
            whole.onStreamFailure(stream.getId(), ErrorCode.ENHANCE_YOUR_CALM_ERROR.code, "too_many_unread_frames");
        }
    }

    @Override
    public void onDataConsumed(Session session, @Nullable Stream stream, int length) {
        super.onDataConsumed(session, stream, length);
        var unread = stream == null ? null : byStream.get(stream);
        // The end of a body is read, too, and came with its last frame.
        if (unread != null && unread.getAndUpdate(count -> count > 0 ? count - 1 : count) > 0) {
            all.decrementAndGet();
        }
    }
}
