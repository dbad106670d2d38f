// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Now;

/** Both clocks of the process, and what another machine's clock says of them. Thread-safe. */
@FunctionalInterface
public interface Clock {
    /** The clocks of this machine. */
    Clock SYSTEM = () -> new Now(System.nanoTime(), System.currentTimeMillis());

    /** One look at both. */
    Now now();

    /**
     * The latest that it can be, in milliseconds since 1970, by a clock that is not this machine's.
     *
     * @return {@link Long#MAX_VALUE} where no other clock was asked
     */
    default long latestMillis(Now at) {
        return Long.MAX_VALUE;
    }

    /**
     * The same clocks, checked against another one.
     *
     * @param theirMillis what the other one said, milliseconds since 1970
     * @param heard when this process heard of it, by its own clocks
     */
    default Clock checkedBy(long theirMillis, Now heard) {
        var own = this;
        return new Clock() {
            @Override
            public Now now() {
                return own.now();
            }

            @Override
            public long latestMillis(Now at) {
                return theirMillis + at.nanosSince(heard) / 1_000_000;
            }
        };
    }
}
