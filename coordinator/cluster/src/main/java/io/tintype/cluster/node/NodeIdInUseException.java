// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

/** Another process holds this id. The message says which, and what to do. */
public final class NodeIdInUseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NodeIdInUseException(String message) {
        super(message);
    }
}
