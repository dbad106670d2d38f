// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that come only once, of which the first {@link Limits#INLINE_BYTES} are kept: as long as no more were taken, and so
 * always for small images, the upload can be repeated.
 */
public final class OnceSource implements ByteSource {
    private final Starter starter;
    private final boolean blocks;
    /** Held by the one try that takes the first bytes, for as long as they take to come: nothing else may wait for it. */
    private final Object reading = new Object();

    // Guarded by this, which is never held while bytes are waited for:
    private @Nullable Cursor rest;
    private @Nullable ByteString first;
    private boolean firstIsAll;
    private boolean beyond;
    private @Nullable Replay current;
    private volatile Runnable wake = () -> {};

    /** Gives the one cursor over the bytes. */
    @FunctionalInterface
    interface Starter {
        /** Begins; run is what to run when bytes have come. */
        Cursor start(Runnable wake) throws IOException;
    }

    private OnceSource(Starter starter, boolean blocks) {
        this.starter = starter;
        this.blocks = blocks;
    }

    /** What a stream still has to give. It is not closed: that is for whoever opened it. */
    public static OnceSource stream(InputStream in) {
        return new OnceSource(wake -> new StreamSource.StreamCursor(in, UNKNOWN), true);
    }

    /** What a publisher sends to a subscriber that comes with the first try. */
    public static OnceSource publisher(Flow.Publisher<ByteBuffer> publisher) {
        return new OnceSource(wake -> PublisherCursor.subscribe(publisher, wake), false);
    }

    @Override
    public long size() {
        return UNKNOWN;
    }

    @Override
    public boolean blocks() {
        return blocks;
    }

    @Override
    public synchronized @Nullable Cursor open(Runnable attemptWake) throws IOException {
        if (beyond) {
            return null;
        }
        wake = attemptWake;
        if (rest == null) {
            rest = starter.start(() -> wake.run());
        }
        var next = new Replay(rest);
        current = next;
        return next;
    }

    @Override
    public synchronized void release() {
        beyond = true;
        if (!blocks && rest != null) {
            rest.close();
        }
    }

    private @Nullable ByteString first(Replay of) throws IOException {
        synchronized (reading) {
            var there = firstSoFar(of);
            if (there != null) {
                return there;
            }
            return keep(take(of.from), of);
        }
    }

    private @Nullable ByteString take(Cursor from) throws IOException {
        try {
            return from.next(Limits.INLINE_BYTES);
        } catch (IOException | RuntimeException | Error e) {
            lost();
            throw e;
        }
    }

    /** A read may have taken bytes before it failed: without them no try after it has the whole. */
    private synchronized void lost() {
        beyond = true;
    }

    private synchronized @Nullable ByteString firstSoFar(Replay of) throws IOException {
        checkCurrent(of);
        if (beyond) {
            throw new IOException("the first bytes of the stream are no more");
        }
        return first;
    }

    /** Also what a try took that has ended meanwhile. */
    private synchronized @Nullable ByteString keep(@Nullable ByteString taken, Replay by) throws IOException {
        if (!beyond) {
            first = taken;
            firstIsAll = taken != null && by.from.atEnd();
        }
        checkCurrent(by);
        return taken;
    }

    private synchronized void beyond(Replay of) throws IOException {
        checkCurrent(of);
        beyond = true;
        first = null;
    }

    /** A try that ended may not have noticed yet: what it took would be missing from the one after it. */
    private void checkCurrent(Replay of) throws IOException {
        if (of != current) {
            throw new IOException("another try reads the stream");
        }
    }

    private final class Replay implements Cursor {
        private final Cursor from;
        private @Nullable ByteString head;
        private int position;
        private boolean pastHead;

        Replay(Cursor from) {
            this.from = from;
        }

        @Override
        public @Nullable ByteString next(int max) throws IOException {
            if (pastHead) {
                return from.next(max);
            }
            if (head == null) {
                head = first(this);
                if (head == null) {
                    return null;
                }
            }
            if (position < head.size() || firstIsAll) {
                int end = Math.min(head.size(), position + max);
                var next = head.substring(position, end);
                position = end;
                return next;
            }
            beyond(this);
            pastHead = true;
            head = null;
            return from.next(max);
        }

        @Override
        public boolean atEnd() {
            return pastHead ? from.atEnd() : firstIsAll && head != null && position == head.size();
        }

        @Override
        public void close() {
            // The bytes may be wanted again; what they come from is the application's to close.
        }
    }
}
