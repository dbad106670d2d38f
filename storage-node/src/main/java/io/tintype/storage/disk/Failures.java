// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.BackgroundErrorReason;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of errors in RocksDB's background work (flushes, compactions), after which the store takes no writes; and where
 * the error is damage, notes it for the next start. Thread-safe.
 */
final class Failures extends AbstractEventListener {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private final Path directory;
    private @Nullable Committer committer;
    private @Nullable Throwable early;

    Failures(Path directory) {
        super(EnabledEventCallback.ON_BACKGROUND_ERROR);
        this.directory = directory;
    }

    synchronized void tell(Committer toTell) {
        committer = toTell;
        if (early != null) {
            toTell.fail(early);
        }
    }

    @Override
    public void onBackgroundError(BackgroundErrorReason reason, Status error) {
        var cause = new IOException(
                "RocksDB failed in the background (" + reason + "): " + error.getCodeString() + " " + error.getState());
        if (Disk.isCorruption(error)) {
            note(cause);
        }
        fail(cause);
    }

    /** What was read in the background is not what was written. */
    void damaged(Throwable cause) {
        note(cause);
        fail(cause);
    }

    private void fail(Throwable cause) {
        Committer toTell;
        synchronized (this) {
            early = cause;
            toTell = committer;
        }
        if (toTell != null) {
            toTell.fail(cause);
        }
    }

    /** Opened again, the store would only come upon the same damage again. */
    private void note(Throwable cause) {
        try {
            DataDirectory.noteDamage(directory, String.valueOf(cause.getMessage()));
        } catch (IOException e) {
            log.warn("{}: that the store is damaged could not be noted", directory, e);
        }
    }
}
