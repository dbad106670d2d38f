// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.Context;
import io.grpc.SynchronizationContext;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetResponse;
import io.tintype.wire.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The rest of one read, from where the {@link PieceSearch} ended: it comes from a node in one stream, at the reader's
 * pace, and fills the caches as it passes. Frames that are passed on were checked, and follow one another.
 *
 * <p>Confined to the read's context: all methods are called there, and the node's messages are brought there. No more
 * of them are asked for than the reader wants, but for a first one, which is kept until he wants it.
 *
 * <p>A stream that breaks for a passing reason, such as a reader so slow that the node took him for gone, is taken up again
 * where it broke, in the same version: as soon as more is wanted, and unless the one before broke at the same place.
 */
final class OriginRest {
    private final OpenBlob blob;
    private final PieceChain chain;
    private final OriginReads origin;
    private final long to;
    private final SynchronizationContext inOrder;
    private final Receiver receiver;
    private final Context context = Context.current();

    // Confined to inOrder:
    private long position;
    /** Messages asked for and not passed on yet. */
    private int asked;

    /** The first message was asked for by {@link #askFirst}, and has not come yet. */
    private boolean keepsFirst;

    private boolean ended;
    private boolean closed;
    /** The stream broke, and is to go on once somebody wants more. */
    private boolean broken;

    /** Where a stream was taken up again last; -1: nowhere. */
    private long resumedAt = -1;

    private @Nullable GetStream stream;
    private @Nullable DataFrame first;

    /** Is told in the read's context how the stream goes on, until it is closed. */
    interface Receiver {
        /** The message has come that {@link #askFirst} asked for, or there are no more: bytes may be handed out. */
        void begun();

        /** The next bytes, which were asked for. */
        void received(Frame frame);

        /** Nothing more will come: VERSION_GONE where the blob was replaced, CORRUPT_DATA where bytes were damaged. */
        void failed(TintypeException failure);
    }

    /**
     * For one read; the node is asked in the caller's {@link Context}.
     *
     * @param to behind the read's last byte
     * @param inOrder the read's context
     */
    OriginRest(
            OpenBlob blob,
            PieceChain chain,
            OriginReads origin,
            long to,
            SynchronizationContext inOrder,
            Receiver receiver) {
        this.blob = blob;
        this.chain = chain;
        this.origin = origin;
        this.to = to;
        this.inOrder = inOrder;
        this.receiver = receiver;
    }

    /** Opens the stream, which begins at this place in the blob. Called once, or never where caches have everything. */
    void begin(long from) {
        position = from;
        open(from);
    }

    private void open(long from) {
        context.run(() -> stream = origin.rest(blob.head(), from, to, new Messages()));
    }

    /** Has the node begin before anybody wants its bytes; called right after {@link #begin}, if at all. */
    void askFirst() {
        if (stream != null) {
            keepsFirst = true;
            asked++;
            stream.demand();
        }
    }

    /** Passes on the message that was kept; false: there is none. */
    boolean passFirst() {
        if (first == null) {
            return false;
        }
        var frame = first;
        first = null;
        asked--;
        pass(frame);
        return true;
    }

    /** Asks for as many messages as the reader wants, if that was not done; fails the read where there are no more. */
    void ask(int wanted) {
        if (ended) {
            receiver.failed(new TintypeException(
                    Reason.INTERNAL, "The storage node ended the blob at " + position + " instead of " + to + "."));
            return;
        }
        if (broken && asked < wanted) {
            resume();
        }
        for (; stream != null && asked < wanted; asked++) {
            stream.demand();
        }
    }

    /** The stream broke: it goes on, or the read fails. */
    private void broke(TintypeException failure) {
        if (next() >= to) {
            ended = true; // all has come, and nobody has asked for how it ends
            return;
        }
        boolean passes = failure.reason().isTransient() && failure.reason() != Reason.VERSION_GONE;
        if (!passes || next() == resumedAt || context.isCancelled()) {
            receiver.failed(failure);
            return;
        }
        stream = null;
        broken = true;
        if (asked > kept()) {
            resume();
        }
    }

    /** Asks for what comes next, and as many messages as were asked for and did not come. */
    private void resume() {
        broken = false;
        resumedAt = next();
        open(resumedAt);
        for (int i = kept(); stream != null && i < asked; i++) {
            stream.demand();
        }
    }

    /** The first byte that has not come. */
    private long next() {
        return position + (first == null ? 0 : first.getData().size());
    }

    /** Messages that have come, and wait for the reader. */
    private int kept() {
        return first == null ? 0 : 1;
    }

    /** Tells the receiver no more; the stream goes on to its end, or until {@link #cancel}. May be called again. */
    void close() {
        closed = true;
    }

    /** Gives the stream up, if it was begun. */
    void cancel(String why) {
        if (stream != null) {
            stream.cancel(why);
        }
    }

    private void pass(DataFrame frame) {
        int length = frame.getData().size();
        if (Crc32c.of(frame.getData()) != frame.getCrc32C()) {
            receiver.failed(new TintypeException(
                    Reason.CORRUPT_DATA,
                    "Bytes from " + frame.getOffset() + " on were damaged on their way here. Try again."));
        } else if (frame.getOffset() != position || length == 0 || length > to - position) {
            receiver.failed(
                    new TintypeException(Reason.INTERNAL, "The storage node sent other bytes than were asked for."));
        } else {
            keep(frame);
            position += length;
            receiver.received(Frame.of(frame));
        }
    }

    private void keep(DataFrame frame) {
        var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(position));
        if (spec.key().offset() == position && spec.length() == frame.getData().size()) {
            chain.offer(spec, Piece.onHeap(frame.getData(), frame.getCrc32C()));
        }
    }

    private final class Messages implements GetStream.Listener<GetResponse> {
        @Override
        public void onMessage(GetResponse message) {
            inOrder.execute(() -> {
                if (closed) {
                    return;
                }
                if (keepsFirst) {
                    keepsFirst = false;
                    first = message.getFrame();
                    receiver.begun();
                } else {
                    asked--;
                    pass(message.getFrame());
                }
            });
        }

        @Override
        public void onEnd() {
            inOrder.execute(() -> {
                if (!closed) {
                    ended = true;
                    receiver.begun();
                }
            });
        }

        @Override
        public void onFailed(TintypeException failure) {
            inOrder.execute(() -> {
                if (!closed) {
                    broke(Errors.fromWire(OriginReads.gone(failure)));
                }
            });
        }
    }
}
