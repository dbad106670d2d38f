// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import java.nio.ByteBuffer;

/** What the index of chunks that nobody needs any more says: which, and how much they take. Pure but for reading. */
final class Garbage {
    /** Entries that are looked at; where there are more, the rest is reckoned like these. */
    private static final int LOOKED_AT = 10_000;

    private Garbage() {}

    /** Index behind the last chunk, and bytes of all of them; 0: not known. */
    static byte[] value(int to, long bytes) {
        return ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
                .putInt(to)
                .putLong(bytes)
                .array();
    }

    /** The bytes that a value speaks of; those that were written before it told have none. */
    private static long bytes(byte[] value) {
        return value.length < Integer.BYTES + Long.BYTES
                ? 0
                : ByteBuffer.wrap(value).getLong(Integer.BYTES);
    }

    /** Bytes of chunks that wait for their time, about: they are still here, and a snapshot has them. Blocks. */
    static long waiting(Disk disk, Keys keys) {
        long bytes = 0;
        long first = 0;
        int looked = 0;
        try (var scan = disk.scan(Family.GARBAGE, keys.garbage(Keys.CHUNKS), keys.behindGarbage(Keys.CHUNKS))) {
            for (; scan.valid(); scan.next()) {
                long due = due(scan.key());
                first = looked == 0 ? due : first;
                if (looked++ == LOOKED_AT) {
                    // What comes in goes ten minutes later, so the entries cover so much time at most.
                    double part = (double) Math.max(1, due - first) / BlobRules.GRACE.toMillis();
                    return (long) (bytes / Math.min(1, part));
                }
                bytes += bytes(scan.value());
            }
        }
        return bytes;
    }

    private static long due(byte[] key) {
        var in = Keys.read(key);
        in.get();
        return in.getLong();
    }
}
