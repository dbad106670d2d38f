// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jetty.http2.BufferingFlowControlStrategy;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2's flow control, which bounds the bytes of bodies that nobody has read yet, with a bound on their frames as well: each
 * costs memory of its own, however few bytes it has. Where one too many comes, the stream that has the most of them is reset,
 * whichever sent it. Of one connection; thread-safe.
 */
final class UnreadFrames extends BufferingFlowControlStrategy {
    /** Most frames of a connection's bodies that wait to be read: with 64 bytes each they fill its window. */
    static final int MOST = 16 << 10;

    /** The part of the window that is read before the client hears of it, as Jetty has it by itself. */
    private static final float BEFORE_UPDATE = 0.5f;

    private final Map<Stream, Integer> byStream = new HashMap<>(); // guarded by itself
    private int all; // guarded by byStream

    UnreadFrames() {
        super(BEFORE_UPDATE);
    }

    @Override
    public void onStreamCreated(Stream stream) {
        super.onStreamCreated(stream);
        synchronized (byStream) {
            byStream.put(stream, 0);
        }
    }

    /** What nobody has read of it is gone with it. */
    @Override
    public void onStreamDestroyed(Stream stream) {
        super.onStreamDestroyed(stream);
        synchronized (byStream) {
            forget(stream);
        }
    }

    @Override
    public void onDataReceived(Session session, @Nullable Stream stream, int length) {
        super.onDataReceived(session, stream, length);
        var worst = stream == null ? null : count(stream);
        if (worst != null && session instanceof HTTP2Session whole) {
            // Not only a reset, of which whoever handles the request would not hear.
            whole.onStreamFailure(worst.getId(), ErrorCode.ENHANCE_YOUR_CALM_ERROR.code, "too_many_unread_frames");
        }
    }

    /** Counts a frame; where it is one too many, the answer is the stream that is to go, and does not count any more. */
    private @Nullable Stream count(Stream stream) {
        synchronized (byStream) {
            if (byStream.computeIfPresent(stream, (same, unread) -> unread + 1) == null || ++all <= MOST) {
                return null;
            }
            var worst = Collections.max(byStream.entrySet(), Map.Entry.comparingByValue())
                    .getKey();
            forget(worst);
            return worst;
        }
    }

    /** Only under the lock. */
    private void forget(Stream stream) {
        Integer unread = byStream.remove(stream);
        all -= unread == null ? 0 : unread;
    }

    @Override
    public void onDataConsumed(Session session, @Nullable Stream stream, int length) {
        super.onDataConsumed(session, stream, length);
        if (stream == null) {
            return;
        }
        synchronized (byStream) {
            Integer unread = byStream.get(stream);
            if (unread != null && unread > 0) { // the end of a body is read, too, and came with its last frame
                byStream.put(stream, unread - 1);
                all--;
            }
        }
    }
}
