// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a disk failed of, if it did: the first cause stands for ever, everybody who wants to know hears of it once, and whoever
 * cannot hear it keeps it from nobody else. Thread-safe.
 */
final class FirstFailure {
    private static final Logger log = LoggerFactory.getLogger(FirstFailure.class);

    private final Path directory;
    private final List<Consumer<Throwable>> listeners = new ArrayList<>();
    private volatile @Nullable Throwable cause;

    FirstFailure(Path directory) {
        this.directory = directory;
    }

    /** What the disk failed of; null: it works. */
    @Nullable
    Throwable cause() {
        return cause;
    }

    /** Tells a listener, on the thread that found out, as soon as the disk fails; at once if it already has. */
    void onFailure(Consumer<Throwable> listener) {
        Throwable known;
        synchronized (listeners) {
            listeners.add(listener);
            known = cause;
        }
        if (known != null) {
            listener.accept(known);
        }
    }

    /** The disk failed: {@link #cause} says so from here on. What tells all listeners; null: it had failed before. */
    @Nullable
    Runnable note(Throwable found) {
        List<Consumer<Throwable>> toTell;
        synchronized (listeners) {
            if (cause != null) {
                return null;
            }
            cause = found;
            toTell = List.copyOf(listeners);
        }
        return () -> toTell.forEach(listener -> tell(listener, found));
    }

    private static void tell(Consumer<Throwable> listener, Throwable cause) {
        try {
            listener.accept(cause);
        } catch (RuntimeException | Error e) {
            log.error("somebody could not be told that a disk failed", e);
        }
    }

    /** @throws TintypeException UNAVAILABLE once the disk has failed */
    void refuseFromThenOn() {
        var known = cause;
        if (known != null) {
            throw refusal(known);
        }
    }

    /** What whoever wants to write is told. */
    TintypeException refusal(Throwable why) {
        return new TintypeException(
                Reason.UNAVAILABLE,
                directory + " failed (" + why.getMessage()
                        + ") and takes no more writes; its replicas are to be rebuilt from their peers",
                Map.of(),
                null,
                why);
    }
}
