// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.google.protobuf.ByteString;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One rendition being made, once for all who wait for it, and for as long as anybody does: once all have gone it is over, unless
 * it is being decoded by then. Thread-safe.
 */
final class RenditionFlight implements Runnable {
    private final Consumer<RenditionFlight> making;
    private final Consumer<RenditionFlight> dropped;
    private final CompletableFuture<ByteString> bytes = new CompletableFuture<>();
    private int waiting; // guarded by this
    private boolean decoding; // guarded by this
    private boolean over; // guarded by this

    /**
     * Nobody waits yet.
     *
     * @param making makes it, as this is run
     * @param dropped is told where all who waited have gone
     */
    RenditionFlight(Consumer<RenditionFlight> making, Consumer<RenditionFlight> dropped) {
        this.making = making;
        this.dropped = dropped;
    }

    @Override
    public void run() {
        making.accept(this);
    }

    /** One more waits, until he cancels his future; false: all have gone before him, and it is not made. */
    boolean join(CompletableFuture<Rendition> waiter) {
        synchronized (this) {
            if (over) {
                return false;
            }
            waiting++;
        }
        var unused = bytes.whenComplete((made, failure) -> {
            if (failure == null) {
                waiter.complete(Rendition.ofMade(made));
            } else {
                waiter.completeExceptionally(failure);
            }
        });
        var unusedToo = waiter.whenComplete((made, failure) -> {
            if (waiter.isCancelled()) {
                leave();
            }
        });
        return true;
    }

    private void leave() {
        synchronized (this) {
            waiting--;
            over = waiting == 0 && !decoding;
            if (!over) {
                return;
            }
        }
        dropped.accept(this);
    }

    /** Whether anybody waits, or it is too late to drop it. */
    synchronized boolean isWanted() {
        return !over;
    }

    /** It is about to be decoded, and will be kept whoever goes now; false: all have gone. */
    synchronized boolean beginsToDecode() {
        decoding = !over;
        return decoding;
    }

    void complete(ByteString made) {
        bytes.complete(made);
    }

    void fail(Throwable failure) {
        bytes.completeExceptionally(failure);
    }
}
