// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.Reading;
import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.heads.LeaseClock;
import io.tintype.model.Reason;
import io.tintype.model.Stretch;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetResponse;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Collects a download in one array, whose size is known from the first message and bounded by the caller. */
final class MemorySink implements DownloadSink {
    private static final int AHEAD = 2;

    private final GetOptions options;
    private final CompletableFuture<Got> result = Futures.cancelling(this::cancel);
    private volatile @Nullable Reading reading;
    private @Nullable GetResponse first;
    private byte[] bytes = new byte[0];
    private int position;
    private final long begunNanos = LeaseClock.SYSTEM.getAsLong();

    /**
     * What was read.
     *
     * @param first the first message
     * @param bytes the bytes; empty where nothing was modified
     * @param begunNanos when the read began, by {@link LeaseClock#SYSTEM}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Got(GetResponse first, byte[] bytes, long begunNanos) {}

    MemorySink(GetOptions options) {
        this.options = options;
    }

    CompletableFuture<Got> start(Reading download) {
        reading = download;
        download.request(AHEAD);
        download.start();
        return result;
    }

    private void cancel() {
        var from = reading;
        if (from != null) {
            from.cancel();
        }
    }

    @Override
    public void opened(GetResponse message) {
        first = message;
        position = 0;
        var range = options.range();
        long size = message.getNotModified()
                ? 0
                : Stretch.of(message.getHead().getSize(), range.offset(), range.length())
                        .length();
        checkFits(size, options, message.getHead().getName());
        bytes = new byte[(int) size];
    }

    static void checkFits(long size, GetOptions options, String name) {
        if (size > options.maxBytes()) {
            throw new TintypeException(
                    Reason.BLOB_TOO_LARGE,
                    "'" + name + "' has " + size + " bytes and at most " + options.maxBytes()
                            + " are to be held in memory; read it with getTo or open, or raise maxBytes");
        }
    }

    @Override
    public void data(Pieces frame) {
        frame.copyTo(bytes, position);
        position += frame.size();
        var from = reading;
        if (from != null) {
            from.request(1);
        }
    }

    @Override
    public boolean restart() {
        return true;
    }

    @Override
    public void finished() {
        if (first != null) {
            result.complete(new Got(first, bytes, begunNanos));
        }
    }

    @Override
    public void failed(Throwable failure) {
        result.completeExceptionally(failure);
    }
}
