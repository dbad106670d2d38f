// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.time.Duration;
import java.util.Locale;

/**
 * What a run does; the same workload on the same cluster makes the same requests in the same order of drawing.
 *
 * @param seed decides all draws and all bytes
 * @param users over whom the blobs are spread
 * @param keys number of blobs
 * @param mix how large they are
 * @param readShare share of reads among the operations, 0 to 1
 * @param exponent how unevenly popular they are: see {@link Zipf}
 * @param concurrency operations under way at the same time, each on a thread of its own
 * @param duration how long it lasts at most, the loading not counted
 * @param operations how many there are at most; 0: as many as the duration allows
 * @param rate operations to begin each second, whether or not earlier ones have ended; 0: one after the other
 */
record Workload(
        long seed,
        int users,
        int keys,
        SizeMix mix,
        double readShare,
        double exponent,
        int concurrency,
        Duration duration,
        long operations,
        double rate) {
    static final int MAX_CONCURRENCY = 10_000;

    Workload {
        require(users >= 1 && users <= keys, "users", users, "1 to the number of keys");
        require(keys >= 1 && keys <= Zipf.MAX_KEYS, "keys", keys, "1 to " + Zipf.MAX_KEYS);
        require(readShare >= 0 && readShare <= 1, "read share", readShare, "0 to 1");
        require(exponent >= 0 && exponent <= 10, "exponent", exponent, "0 to 10");
        require(
                concurrency >= 1 && concurrency <= MAX_CONCURRENCY,
                "concurrency",
                concurrency,
                "1 to " + MAX_CONCURRENCY);
        require(!duration.isNegative() && !duration.isZero(), "duration", duration, "more than nothing");
        require(operations >= 0, "operations", operations, "0 or more");
        require(rate >= 0 && rate <= 1e6, "rate", rate, "0 to 1,000,000");
    }

    /** Which user a key belongs to. */
    String user(int key) {
        return "bench-" + Long.toHexString(seed) + "-" + key % users;
    }

    /** The name of a key's blob. */
    String name(int key) {
        return String.format(Locale.ROOT, "photos/%03d/%08d.jpg", key % 1000, key);
    }

    private static void require(boolean holds, String what, Object is, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(what + " is " + is + "; give " + wanted);
        }
    }
}
