// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import org.jspecify.annotations.Nullable;

/** ZooKeeper cannot be reached, or refuses what must be done before a process can start. */
public final class ZkUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ZkUnavailableException(String message) {
        super(message);
    }

    ZkUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
