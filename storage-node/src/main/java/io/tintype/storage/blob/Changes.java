// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run of records changes, before it is written: reads through it see the changes of the records before.
 *
 * <p>Not thread-safe.
 */
final class Changes {
    private static final byte[] NONE = {};

    private record Slot(Family family, ByteBuffer key) {}

    private final Disk disk;
    private final Write write = new Write();
    private final Map<Slot, byte[]> pending = new HashMap<>();

    Changes(Disk disk) {
        this.disk = disk;
    }

    byte @Nullable [] get(Family family, byte[] key) {
        var changed = pending.get(slot(family, key));
        if (changed == null) {
            return disk.get(family, key);
        }
        return changed == NONE ? null : changed;
    }

    void put(Family family, byte[] key, byte[] value) {
        write.put(family, key, value);
        pending.put(slot(family, key), value);
    }

    void delete(Family family, byte[] key) {
        write.delete(family, key);
        pending.put(slot(family, key), NONE);
    }

    /** Only for keys that are not read through this. */
    void deleteRange(Family family, byte[] from, byte[] to) {
        write.deleteRange(family, from, to);
    }

    Write write() {
        return write;
    }

    private static Slot slot(Family family, byte[] key) {
        return new Slot(family, ByteBuffer.wrap(key));
    }
}
