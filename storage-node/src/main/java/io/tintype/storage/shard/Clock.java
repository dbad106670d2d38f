// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Now;

/** Both clocks of the process. Thread-safe. */
@FunctionalInterface
public interface Clock {
    /** The clocks of this machine. */
    Clock SYSTEM = () -> new Now(System.nanoTime(), System.currentTimeMillis());

    /** One look at both. */
    Now now();
}
