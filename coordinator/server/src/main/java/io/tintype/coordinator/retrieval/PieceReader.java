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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out bytes of one version, piece by piece, each looked for when it is asked for. Holds one piece at a time.
 *
 * <p>Of a read that has more than {@value #STREAM_BYTES} bytes to go and finds one piece nowhere, all the rest comes from
 * the node in one stream, at the reader's pace, and fills the caches as it passes: the node keeps a version that is being
 * read, so that a long read can end though the blob is replaced meanwhile.
 */
final class PieceReader implements GetStream {
    private static final Logger log = LoggerFactory.getLogger(PieceReader.class);

    /** More than this is a long read. */
    static final long STREAM_BYTES = 16 << 20;

    private final SynchronizationContext inOrder =
            new SynchronizationContext((thread, failure) -> log.error("a read failed", failure));
    private final Context context = Context.current();
    private final OpenBlob blob;
    private final PieceChain chain;
    private final OriginReads origin;
    private final long to;
    private final boolean whole;
    private final Listener<DataFrame> listener;

    // Confined to inOrder:
    private final Crc32c.Running crc = new Crc32c.Running();
    private long position;
    private int wanted;
    private boolean looking;
    private boolean done;
    private @Nullable Piece held;
    private @Nullable GetStream rest;

    PieceReader(OpenBlob blob, PieceChain chain, OriginReads origin, long from, long to, Listener<DataFrame> listener) {
        this.blob = blob;
        this.chain = chain;
        this.origin = origin;
        this.position = from;
        this.to = to;
        this.whole = from == 0 && to == blob.head().getSize();
        this.listener = listener;
    }

    @Override
    public void demand() {
        inOrder.execute(() -> {
            giveBack();
            wanted++;
            if (rest != null) {
                rest.demand();
            } else {
                next();
            }
        });
    }

    @Override
    public void release() {
        inOrder.execute(this::giveBack);
    }

    @Override
    public void cancel(String why) {
        inOrder.execute(() -> {
            done = true;
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

    private void next() {
        if (done || looking || wanted == 0) {
            return;
        }
        var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(position));
        var first = blob.takeFirst(spec.key().index());
        if (first != null) {
            deliver(spec, first);
            return;
        }
        looking = true;
        boolean streams = chain.isEmpty() || to - position > STREAM_BYTES;
        CompletableFuture<Optional<Piece>> search =
                streams ? chain.cached(spec) : chain.get(spec).thenApply(Optional::of);
        var unused = search.whenComplete((piece, failure) -> inOrder.execute(() -> {
            looking = false;
            if (done) {
                if (piece != null) {
                    piece.ifPresent(Piece::release);
                }
            } else if (failure != null) {
                fail(Errors.fromWire(failure));
            } else if (piece.isPresent()) {
                deliver(spec, piece.get());
            } else {
                stream();
            }
        }));
    }

    private void deliver(PieceSpec spec, Piece piece) {
        held = piece;
        int from = (int) (position - spec.key().offset());
        int end = (int) Math.min(to - spec.key().offset(), piece.length());
        var data = piece.bytes(from, end);
        boolean all = end - from == piece.length();
        hand(DataFrame.newBuilder()
                .setOffset(position)
                .setData(data)
                .setCrc32C(all ? piece.crc() : Crc32c.of(data))
                .build());
        next();
    }

    /** Hands a frame over whose checksum has been verified. */
    private void hand(DataFrame frame) {
        int length = frame.getData().size();
        crc.add(frame.getCrc32C(), length);
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
        done = last;
        listener.onMessage(frame);
        if (last) {
            listener.onEnd();
        }
    }

    private void stream() {
        context.run(() -> rest = origin.rest(blob.head(), position, to, new Rest()));
        for (int i = 0; i < wanted && rest != null; i++) {
            rest.demand();
        }
    }

    private void fail(TintypeException failure) {
        done = true;
        if (rest != null) {
            rest.cancel("the read failed");
        }
        listener.onFailed(failure);
    }

    /** What comes from the node. */
    private final class Rest implements Listener<GetResponse> {
        @Override
        public void onMessage(GetResponse message) {
            inOrder.execute(() -> take(message.getFrame()));
        }

        private void take(DataFrame frame) {
            if (done) {
                return;
            }
            int length = frame.getData().size();
            if (Crc32c.of(frame.getData()) != frame.getCrc32C()) {
                fail(new TintypeException(
                        Reason.CORRUPT_DATA,
                        "Bytes from " + frame.getOffset() + " on were damaged on their way here. Try again."));
            } else if (frame.getOffset() != position || length == 0 || length > to - position) {
                fail(new TintypeException(Reason.INTERNAL, "The storage node sent other bytes than were asked for."));
            } else {
                keep(frame);
                hand(frame);
            }
        }

        private void keep(DataFrame frame) {
            var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(position));
            if (spec.key().offset() == position
                    && spec.length() == frame.getData().size()) {
                chain.offer(spec, Piece.onHeap(frame.getData(), frame.getCrc32C()));
            }
        }

        @Override
        public void onEnd() {
            inOrder.execute(() -> {
                if (!done) {
                    fail(new TintypeException(
                            Reason.INTERNAL,
                            "The storage node ended the blob at " + position + " instead of " + to + "."));
                }
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
