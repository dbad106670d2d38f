// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.http.RangeHeader.Span;
import io.tintype.coordinator.retrieval.Frame;
import io.tintype.coordinator.retrieval.GetStream;
import io.tintype.coordinator.retrieval.OpenBlob;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Sends stretches of one blob as an answer's body. A frame is asked for when the one before it has gone to the client's
 * connection, so that a slow client costs one frame.
 *
 * <p>Frames come checked. Where one cannot be had, the connection is cut, so that no client takes a part for the whole.
 */
final class SpanSender {
    private final OpenBlob blob;
    private final List<Span> spans;
    private final Multipart around;
    private final @Nullable GzipStream gzip;
    private final Response response;
    private final Callback callback;
    private final Consumer<Throwable> failed;

    // Confined to whoever's turn it is: a write's end, or a frame's coming.
    private final List<Turn> turns = new ArrayList<>();
    private final Deque<ByteBuffer> unsent = new ArrayDeque<>();
    private int next;
    private long left;
    private boolean done;
    private @Nullable Callback writing; // guarded by this: of the write under way, which needs the last frame's bytes
    private boolean over; // guarded by this: it was decided how the answer ends
    private volatile @Nullable GetStream stream;

    /**
     * @param around what stands around the stretches
     * @param gzip compresses the one stretch there is, and is closed at the end; null: nothing is compressed
     * @param failed is told of what prevents the answer, where that is not the client's going away
     */
    SpanSender(
            OpenBlob blob,
            List<Span> spans,
            Multipart around,
            @Nullable GzipStream gzip,
            Response response,
            Callback callback,
            Consumer<Throwable> failed) {
        this.blob = blob;
        this.spans = spans;
        this.around = around;
        this.gzip = gzip;
        this.response = response;
        this.callback = callback;
        this.failed = failed;
    }

    /** Begins to read all stretches, so that each can be read though the blob is replaced meanwhile, and sends the first. */
    void begin() {
        try {
            for (var span : spans) {
                var turn = new Turn();
                turns.add(turn);
                turn.stream = blob.read(span.from(), span.to(), turn);
            }
            nextSpan();
        } catch (RuntimeException | Error e) { // those begun before would never end
            fail(e);
        }
    }

    private void nextSpan() {
        var span = spans.get(next);
        unsent.add(around.before(next));
        next++;
        left = span.length();
        var turn = turns.get(next - 1);
        stream = turn.stream;
        turn.begin();
    }

    /** One stretch, which keeps quiet until it is its turn. */
    private final class Turn implements GetStream.Listener<Frame> {
        private @Nullable GetStream stream; // set before anyone else knows of the turn
        private boolean begun; // guarded by this
        private @Nullable TintypeException failure; // guarded by this

        void begin() {
            TintypeException failed;
            synchronized (this) {
                begun = true;
                failed = failure;
            }
            if (failed != null) {
                fail(failed);
            } else if (stream != null) {
                stream.demand();
            }
        }

        @Override
        public void onMessage(Frame frame) {
            take(frame);
        }

        @Override
        public void onEnd() {
            // The last frame said so.
        }

        @Override
        public void onFailed(TintypeException reason) {
            synchronized (this) {
                if (!begun) {
                    failure = reason;
                    return;
                }
            }
            fail(reason);
        }
    }

    private void take(Frame frame) {
        left -= frame.length();
        boolean last = left == 0 && next == spans.size();
        if (gzip != null) {
            gzip.add(
                    frame.buffers(),
                    last,
                    coded -> {
                        unsent.add(coded);
                        done = last;
                        write();
                    },
                    this::fail);
            return;
        }
        unsent.addAll(frame.buffers());
        if (last) {
            unsent.add(around.behind());
            done = true;
        }
        write();
    }

    /** Writes what there is, one buffer after the other, then goes on. */
    private void write() {
        ByteBuffer buffer = unsent.poll();
        while (buffer != null && !buffer.hasRemaining()) {
            buffer = unsent.poll();
        }
        if (buffer == null) {
            goOn();
            return;
        }
        unsent.removeIf(empty -> !empty.hasRemaining());
        boolean last = done && unsent.isEmpty();
        var written = new Written(last);
        if (!begins(written)) {
            return;
        }
        try {
            response.write(last, buffer, written);
        } catch (RuntimeException | Error notBegun) { // Jetty, whose callback this mostly is, would tell nobody
            withdraw(written);
            fail(notBegun);
        }
    }

    private synchronized boolean begins(Callback write) {
        if (over) {
            return false;
        }
        writing = write;
        return true;
    }

    private synchronized void withdraw(Callback write) {
        if (writing == write) {
            writing = null;
        }
    }

    /** Jetty calls this as a write ends; those that end at once must not pile up on the stack, of which it sees itself. */
    private final class Written implements Callback {
        private final boolean last;

        Written(boolean last) {
            this.last = last;
        }

        @Override
        public void succeeded() {
            if (!ended(last)) {
                return;
            }
            if (last) {
                end();
                callback.succeeded();
            } else {
                write();
            }
        }

        @Override
        public void failed(Throwable failure) {
            if (ended(true)) {
                end();
                callback.failed(failure);
            }
        }
    }

    /**
     * A write has ended; false: the answer was over meanwhile, and what that left to the write has been done.
     *
     * @param answered the answer is over now, and the caller ends it
     */
    private boolean ended(boolean answered) {
        boolean before;
        synchronized (this) {
            writing = null;
            before = over;
            over |= answered;
        }
        if (before) {
            end();
        }
        return !before;
    }

    private void goOn() {
        var current = stream;
        if (left > 0 && current != null) {
            current.demand();
        } else if (next < spans.size()) {
            if (current != null) {
                current.release();
            }
            nextSpan();
        }
    }

    /** Gives everything back; the bytes that are being sent must have been sent. */
    private void end() {
        if (gzip != null) {
            gzip.close();
        }
        for (var turn : turns) {
            if (turn.stream != null) {
                turn.stream.cancel("the answer is over");
            }
        }
        blob.close();
    }

    private void fail(Throwable failure) {
        boolean beingSent;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            beingSent = writing != null;
        }
        if (!beingSent) { // else the write's end does it: Jetty still reads what would be given back
            end();
        }
        if (failure instanceof IOException) { // nobody is there to be answered
            callback.failed(failure);
        } else {
            failed.accept(failure);
        }
    }
}
