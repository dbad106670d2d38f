// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import org.jspecify.annotations.Nullable;

/** A data directory could not be opened. The message says which, why, and what to do. */
public final class DiskException extends Exception {
    private final Kind kind;

    DiskException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }

    /** Why a data directory does not open. */
    public enum Kind {
        /** Another process, or this one, has it open. */
        LOCKED,
        /** It belongs to another cluster. */
        FOREIGN,
        /** A newer version of the program wrote it. */
        NEWER_FORMAT,
        /** What it holds is not what was written: replicas on it are to be rebuilt from their peers. */
        DAMAGED,
        /** The file system refused. */
        IO
    }
}
