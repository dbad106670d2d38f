// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** Whether a shard takes writes. */
public enum ShardLifecycle {
    /** Reads and writes. */
    ACTIVE,
    /** Reads only. */
    READONLY,
    /** Neither; its id is never used again. */
    RETIRED
}
