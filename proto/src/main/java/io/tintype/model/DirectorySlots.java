// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import com.dynatrace.hash4j.hashing.Hashing;

/**
 * Which slot of the directory a user falls into. Slots, not shards, are what a user's id is hashed to, so that directory
 * shards can be added without asking anyone to hash anew.
 *
 * <p>Pure. Part of the storage format: it never changes.
 */
public final class DirectorySlots {
    /** Number of slots. */
    public static final int COUNT = 4096;

    private DirectorySlots() {}

    /** The slot, 0 to {@link #COUNT} - 1: the low bits of XXH3-64 with seed 0 over the id's UTF-8 bytes. */
    public static int of(UserId user) {
        return (int) (Hashing.xxh3_64().hashBytesToLong(user.utf8()) & (COUNT - 1));
    }
}
