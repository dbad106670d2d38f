// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.Context;
import io.grpc.SynchronizationContext;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.route.Broken;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetResponse;
import io.tintype.wire.Errors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out bytes of one version, piece by piece.
 *
 * <p>All pieces of a read are found before its first byte is handed out: in caches, and held on to as far as {@link Holds}
 * allows; from the first one on that is nowhere, or has no room, the rest comes from a node in one stream, at the reader's
 * pace, and fills the caches as it passes. The node keeps a version that is being read, so that every read that has begun can
 * end though the blob is replaced meanwhile. A read within one piece has that piece brought by the caches.
 */
final class PieceReader implements GetStream {
    private static final Logger log = LoggerFactory.getLogger(PieceReader.class);

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final Context context = Context.current();
    private final OpenBlob blob;
    private final PieceChain chain;
    private final OriginReads origin;
    private final Holds holds;
    private final long to;
    private final boolean whole;
    private final boolean single;
    private final Listener<Frame> listener;

    // Confined to inOrder:
    private final Crc32c.Running crc = new Crc32c.Running();
    private final Deque<Found> found = new ArrayDeque<>();
    private long position;
    private long foundTo;
    private int wanted;
    private int askedOfRest;
    private boolean ready;
    private boolean restEnded;
    private boolean done;
    /** The listener was told how it ended, or does not care any more. */
    private boolean told;

    private @Nullable Piece held;
    private @Nullable GetStream rest;
    private @Nullable DataFrame firstOfRest;

    /** A piece that waits to be handed out; {@code room}: bytes taken of {@link Holds} for it. */
    private record Found(Piece piece, int room) {}

    PieceReader(
            OpenBlob blob,
            PieceChain chain,
            OriginReads origin,
            Holds holds,
            long from,
            long to,
            Listener<Frame> listener) {
        this.blob = blob;
        this.chain = chain;
        this.origin = origin;
        this.holds = holds;
        this.position = from;
        this.foundTo = from;
        this.to = to;
        this.whole = from == 0 && to == blob.head().getSize();
        this.single = PieceKey.indexOf(from) == PieceKey.indexOf(to - 1);
        this.listener = listener;
    }

    /** Begins to look for the pieces. */
    void begin() {
        inOrder.execute(this::find);
    }

    @Override
    public void demand() {
        inOrder.execute(() -> {
            giveBack();
            wanted++;
            handOut();
        });
    }

    @Override
    public void release() {
        inOrder.execute(this::giveBack);
    }

    @Override
    public void cancel(String why) {
        inOrder.execute(() -> {
            told = true;
            end();
            giveBack();
            if (rest != null) {
                rest.cancel(why);
            }
        });
    }

    private void giveBack() {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    /** Nothing is handed out any more. */
    private void end() {
        done = true;
        for (var one = found.poll(); one != null; one = found.poll()) {
            holds.give(one.room());
            one.piece().release();
        }
    }

    private void find() {
        if (done) {
            return;
        }
        if (foundTo == to) {
            ready = true;
            handOut();
            return;
        }
        var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(foundTo));
        var first = blob.takeFirst(spec.key().index());
        if (first != null) {
            found(first, spec);
        } else if (chain.isEmpty()) {
            stream();
        } else {
            var unused = search(spec)
                    .whenComplete((piece, failure) -> inOrder.execute(() -> {
                        if (failure == null) {
                            found(piece.orElse(null), spec);
                        } else if (!done) {
                            fail(Errors.fromWire(failure));
                        }
                    }));
        }
    }

    private CompletableFuture<Optional<Piece>> search(PieceSpec spec) {
        var before = context.attach();
        try {
            return single ? chain.get(spec).thenApply(Optional::of) : chain.cached(spec);
        } finally {
            context.detach(before);
        }
    }

    /** A piece was found, or is nowhere: null. */
    private void found(@Nullable Piece piece, PieceSpec spec) {
        int room = found.isEmpty() ? 0 : spec.length(); // one piece is what every reader may hold
        if (piece != null && !done && mayHold(spec) && (room == 0 || holds.take(room))) {
            found.add(new Found(piece, room));
            foundTo = Math.min(to, spec.key().offset() + spec.length());
            inOrder.execute(this::find);
            return;
        }
        if (piece != null) {
            piece.release();
        }
        if (!done) {
            stream();
        }
    }

    private boolean mayHold(PieceSpec spec) {
        return spec.key().offset() + spec.length() - position <= Holds.MOST_OF_ONE;
    }

    /** Has a node send what was not found; nothing is handed out before the node has begun to. */
    private void stream() {
        context.run(() -> rest = origin.rest(blob.head(), foundTo, to, new Rest()));
        ready = found.isEmpty();
        if (ready) {
            handOut();
        } else if (rest != null) {
            askedOfRest++;
            rest.demand();
        }
    }

    private void handOut() {
        while (ready && !done && wanted > 0) {
            var next = found.poll();
            if (next != null) {
                holds.give(next.room());
                deliver(next.piece());
            } else if (firstOfRest != null) {
                var frame = firstOfRest;
                firstOfRest = null;
                askedOfRest--;
                take(frame);
            } else if (restEnded) {
                fail(new TintypeException(
                        Reason.INTERNAL, "The storage node ended the blob at " + position + " instead of " + to + "."));
            } else {
                for (; rest != null && askedOfRest < wanted; askedOfRest++) {
                    rest.demand();
                }
                return;
            }
        }
    }

    private void deliver(Piece piece) {
        held = piece;
        long begin = position / PieceKey.BYTES * PieceKey.BYTES;
        int from = (int) (position - begin);
        int end = (int) Math.min(to - begin, piece.length());
        boolean all = end - from == piece.length();
        hand(Frame.of(position, piece.buffers(from, end), all ? OptionalInt.of(piece.crc()) : OptionalInt.empty()));
    }

    /** Hands a frame over whose checksum has been verified. */
    private void hand(Frame frame) {
        int length = frame.length();
        if (whole) {
            crc.add(frame.crc(), length);
        }
        boolean last = position + length == to;
        if (last && whole && crc.crc() != blob.head().getCrc32C()) {
            giveBack();
            blob.drop();
            fail(new TintypeException(
                    Reason.CORRUPT_DATA,
                    "The blob's bytes do not have the checksum of their version. Read it again; if that fails too, have"
                            + " the shard verified."));
            return;
        }
        position += length;
        wanted--;
        if (last) {
            end();
        }
        listener.onMessage(frame);
        if (last) {
            told = true;
            listener.onEnd();
        }
    }

    /** A step threw what nobody expected. The read ends with it: nobody else would tell the reader. */
    private void broke(Throwable failure) {
        log.error("a read failed", failure);
        if (!told) {
            giveBack();
            fail(Broken.of(failure));
        }
    }

    private void fail(TintypeException failure) {
        told = true;
        end();
        if (rest != null) {
            rest.cancel("the read failed");
        }
        listener.onFailed(failure);
    }

    /** Takes a frame from the node that is next. */
    private void take(DataFrame frame) {
        int length = frame.getData().size();
        if (Crc32c.of(frame.getData()) != frame.getCrc32C()) {
            fail(new TintypeException(
                    Reason.CORRUPT_DATA,
                    "Bytes from " + frame.getOffset() + " on were damaged on their way here. Try again."));
        } else if (frame.getOffset() != position || length == 0 || length > to - position) {
            fail(new TintypeException(Reason.INTERNAL, "The storage node sent other bytes than were asked for."));
        } else {
            keep(frame);
            hand(Frame.of(frame));
        }
    }

    private void keep(DataFrame frame) {
        var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(position));
        if (spec.key().offset() == position && spec.length() == frame.getData().size()) {
            chain.offer(spec, Piece.onHeap(frame.getData(), frame.getCrc32C()));
        }
    }

    /** What comes from the node. */
    private final class Rest implements Listener<GetResponse> {
        @Override
        public void onMessage(GetResponse message) {
            inOrder.execute(() -> {
                if (done) {
                    return;
                }
                if (!ready) {
                    ready = true;
                    firstOfRest = message.getFrame();
                    handOut();
                } else {
                    askedOfRest--;
                    take(message.getFrame());
                }
            });
        }

        @Override
        public void onEnd() {
            inOrder.execute(() -> {
                restEnded = true;
                ready = true;
                handOut();
            });
        }

        @Override
        public void onFailed(TintypeException failure) {
            inOrder.execute(() -> {
                if (!done) {
                    fail(Errors.fromWire(OriginReads.gone(failure)));
                }
            });
        }
    }
}
