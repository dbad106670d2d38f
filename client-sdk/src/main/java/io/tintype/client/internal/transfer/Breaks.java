// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.model.Reason;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How the streams of one read have broken so far, and so what is to follow. Knows nothing of streams. Not thread-safe. */
final class Breaks {
    private static final int MAX_RESTARTS = 3;

    /** How often in a row a stream may break before it has brought a byte. */
    private static final int MAX_FRUITLESS = 10;

    private final Set<String> avoid = new HashSet<>();
    private @Nullable CallFailure corruption;
    private int restarts;
    private int fruitless;

    /** What is to follow. */
    enum Next {
        /** The rest is to be read. */
        RESUME,
        /** All is to be read anew, for what has come is of no use. */
        BEGIN_ANEW,
        /** Nothing. */
        GIVE_UP
    }

    /** Servers that sent damaged bytes, and are not to be asked. */
    Set<String> avoid() {
        return avoid;
    }

    /** Bytes have come. */
    void progress() {
        fruitless = 0;
    }

    /**
     * A stream broke.
     *
     * @param address of who sent it; empty: nobody did
     * @param wrongAsAWhole nobody knows which of the bytes that have come are wrong
     */
    Next after(CallFailure failure, String address, boolean wrongAsAWhole) {
        var reason = failure.reason();
        if (reason == Reason.CORRUPT_DATA) {
            avoid.add(address);
            if (corruption != null) {
                return Next.GIVE_UP;
            }
            corruption = failure;
            return wrongAsAWhole ? anew() : Next.RESUME;
        }
        if (isGone(reason)) {
            return anew();
        }
        if (!reason.isTransient()) {
            return Next.GIVE_UP;
        }
        avoid.clear();
        return ++fruitless > MAX_FRUITLESS ? Next.GIVE_UP : Next.RESUME;
    }

    private Next anew() {
        return ++restarts > MAX_RESTARTS ? Next.GIVE_UP : Next.BEGIN_ANEW;
    }

    /** What to tell where no stream could be opened any more: that all who are left to ask have it damaged, where that is so. */
    Throwable why(Throwable failure) {
        return corruption != null
                        && failure instanceof CallFailure passing
                        && passing.reason().isTransient()
                ? corruption
                : failure;
    }

    /** Whether the version that was begun is no more. */
    static boolean isGone(Reason reason) {
        return reason == Reason.VERSION_GONE || reason == Reason.VERSION_CONFLICT || reason == Reason.BLOB_NOT_FOUND;
    }
}
