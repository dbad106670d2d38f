// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import org.jspecify.annotations.Nullable;

/** A storage node could not start. The message is for people: what happened, to what, and what to do. */
public final class StorageNodeException extends Exception {
    private static final long serialVersionUID = 1L;

    StorageNodeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
