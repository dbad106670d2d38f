// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of uploads this process holds, and how many it may. Thread-safe.
 *
 * <p>Uploads are bounded by what they hold, not by their number: a slow one that holds little costs little.
 */
public final class Admission {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final long maxBytes;
    private final AtomicLong held = new AtomicLong();

    /** An admission of so many bytes in all. */
    public Admission(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Bytes held now. */
    public long heldBytes() {
        return held.get();
    }

    /**
     * Admits an upload that will hold up to this many bytes.
     *
     * @throws TintypeException OVERLOADED, saying when to try again
     */
    Lease admit(long bytes) {
        long before = held.getAndUpdate(now -> now + bytes > maxBytes ? now : now + bytes);
        if (before + bytes > maxBytes) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    "This coordinator holds " + before + " bytes of uploads under way; its limit is " + maxBytes
                            + ". Try again a little later, or add coordinators of role upload.",
                    RETRY);
        }
        return new Lease(bytes);
    }

    /** What one upload holds. Confined to that upload. */
    final class Lease {
        private long bytes;

        private Lease(long bytes) {
            this.bytes = bytes;
        }

        /** Holds no more than this from now on. */
        void shrinkTo(long fewer) {
            if (fewer < bytes) {
                held.addAndGet(fewer - bytes);
                bytes = fewer;
            }
        }

        /** Holds nothing any more; may be called again. */
        void release() {
            shrinkTo(0);
        }
    }
}
