// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

/** A znode holds what this process cannot read, or a record is too large to be written. The message names the path. */
public final class ZnodeFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong with which znode. */
    public ZnodeFormatException(String message) {
        super(message);
    }

    ZnodeFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
