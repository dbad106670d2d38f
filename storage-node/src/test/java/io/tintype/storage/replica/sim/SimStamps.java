// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Now;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** When a node answered heartbeats, by its own clocks and in virtual time; the newest few. */
final class SimStamps {
    private static final int KEPT = 512;

    private record Stamp(Now at, long virtual) {}

    private final TreeMap<Long, Stamp> stamps = new TreeMap<>();

    /** Makes one; tells what it is known by. */
    long make(Now now, long virtual) {
        stamps.put(now.nanos(), new Stamp(now, virtual));
        if (stamps.size() > KEPT) {
            stamps.pollFirstEntry();
        }
        return now.nanos();
    }

    /** When the stamp was made, if that is known; of one of an earlier life it is not. */
    @Nullable
    Now known(long stamp) {
        var made = stamps.get(stamp);
        return made == null ? null : made.at();
    }

    /** When a stamp was made, in virtual time; negative: too long ago to know. */
    long virtualTimeOf(long stamp) {
        var made = stamps.get(stamp);
        return made == null ? -1 : made.virtual();
    }
}
