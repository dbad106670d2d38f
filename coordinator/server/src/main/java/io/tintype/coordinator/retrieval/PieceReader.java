// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.SynchronizationContext;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.route.Broken;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out bytes of one version, piece by piece.
 *
 * <p>All pieces of a read are found before its first byte is handed out: in caches, as far as {@link PieceSearch} gets;
 * the rest comes from a node, by {@link OriginRest}. The node keeps a version that is being read, so that every read
 * that has begun can end though the blob is replaced meanwhile.
 *
 * <p>Thread-safe: everything runs in one context, in order. Who reads a whole blob gets its last bytes only if all have
 * the checksum of their version.
 */
final class PieceReader implements GetStream {
    private static final Logger log = LoggerFactory.getLogger(PieceReader.class);

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final OpenBlob blob;
    private final long to;
    private final boolean whole;
    private final Listener<Frame> listener;
    private final PieceSearch search;
    private final OriginRest rest;

    // Confined to inOrder:
    private final Crc32c.Running crc = new Crc32c.Running();
    private long position;
    private int wanted;
    private boolean ready;
    private boolean done;
    /** The listener was told how it ended, or does not care any more. */
    private boolean told;

    private @Nullable Piece held;

    /**
     * For one read; caches and node are asked in the caller's {@link io.grpc.Context}.
     *
     * @param from the first byte
     * @param to behind the last one, over {@code from} and no more than the size
     */
    PieceReader(
            OpenBlob blob,
            PieceChain chain,
            OriginReads origin,
            Holds holds,
            long from,
            long to,
            Listener<Frame> listener) {
        this.blob = blob;
        this.position = from;
        this.to = to;
        this.whole = from == 0 && to == blob.head().getSize();
        this.listener = listener;
        var sources = new Sources();
        this.search = new PieceSearch(blob, chain, holds, from, to, inOrder, sources);
        this.rest = new OriginRest(blob, chain, origin, to, inOrder, sources);
    }

    /** Begins to look for the pieces. */
    void begin() {
        inOrder.execute(search::find);
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
            rest.cancel(why);
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
        rest.close();
        search.close();
    }

    /** Has a node send what was not found, from this byte on; nothing is handed out before the node has begun to. */
    private void stream(long from) {
        rest.begin(from);
        ready = search.isEmpty();
        if (ready) {
            handOut();
        } else {
            rest.askFirst();
        }
    }

    private void handOut() {
        while (ready && !done && wanted > 0) {
            var next = search.poll();
            if (next != null) {
                deliver(next);
            } else if (!rest.passFirst()) {
                rest.ask(wanted);
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

    /**
     * A step threw what nobody expected. The read ends with it: nobody else would tell the reader. He gives back what
     * he was handed, since he may still be sending from it.
     */
    private void broke(Throwable failure) {
        log.error("a read failed", failure);
        if (!told) {
            fail(Broken.of(failure));
        }
    }

    private void fail(TintypeException failure) {
        told = true;
        end();
        rest.cancel("the read failed");
        listener.onFailed(failure);
    }

    /** What the search for pieces and the node tell. */
    private final class Sources implements PieceSearch.Outcome, OriginRest.Receiver {
        @Override
        public void foundUpTo(long offset) {
            if (offset == to) {
                begun();
            } else {
                stream(offset);
            }
        }

        @Override
        public void begun() {
            ready = true;
            handOut();
        }

        @Override
        public void received(Frame frame) {
            hand(frame);
        }

        @Override
        public void failed(TintypeException failure) {
            fail(failure);
        }
    }
}
