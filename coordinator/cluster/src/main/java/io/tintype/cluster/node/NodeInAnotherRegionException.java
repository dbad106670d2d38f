// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

/** A data directory that was written in one region turns up in another one. The message says which, and what to do. */
public final class NodeInAnotherRegionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NodeInAnotherRegionException(String message) {
        super(message);
    }
}
