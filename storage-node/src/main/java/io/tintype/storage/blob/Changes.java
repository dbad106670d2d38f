// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a run of records changes, before it is written: reads through it see the changes of the records before. Of several changes
 * of one key only the last is written: what a store has to find its way to in its memtable, and to log, is what puts cost most.
 *
 * <p>Not thread-safe.
 */
final class Changes {
    private static final byte[] NONE = {};

    private record Slot(Family family, ByteBuffer key) {}

    private final Disk disk;
    private final Write write = new Write();
    private final Map<Slot, byte[]> pending = new HashMap<>();
    private final Map<Slot, byte[]> unwritten = new LinkedHashMap<>();

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
        change(slot(family, key), value);
    }

    void delete(Family family, byte[] key) {
        change(slot(family, key), NONE);
    }

    private void change(Slot slot, byte[] value) {
        pending.put(slot, value);
        unwritten.put(slot, value);
    }

    /** Only for keys that are not read through this. Takes away what was put before it, and leaves what is put behind it. */
    void deleteRange(Family family, byte[] from, byte[] to) {
        hold();
        write.deleteRange(family, from, to);
    }

    /** What there is in a range now, in the order of the keys, the first so many entries. */
    NavigableMap<byte[], byte[]> first(Family family, byte[] from, byte[] to, int limit) {
        var found = new TreeMap<byte[], byte[]>(Arrays::compareUnsigned);
        try (var scan = disk.scan(family, from, to)) {
            for (; scan.valid() && found.size() < limit; scan.next()) {
                if (!pending.containsKey(slot(family, scan.key()))) {
                    found.put(scan.key(), scan.value());
                }
            }
        }
        pendingIn(family, from, to, found::put);
        while (found.size() > limit) {
            found.pollLastEntry();
        }
        return found;
    }

    /** What there is in a range now, in no particular order, one entry at a time: there may be any number of them. */
    void forEach(Family family, byte[] from, byte[] to, BiConsumer<byte[], byte[]> visitor) {
        try (var scan = disk.scan(family, from, to)) {
            for (; scan.valid(); scan.next()) {
                byte[] key = scan.key();
                if (pending.isEmpty() || !pending.containsKey(slot(family, key))) {
                    visitor.accept(key, scan.value());
                }
            }
        }
        pendingIn(family, from, to, visitor);
    }

    private void pendingIn(Family family, byte[] from, byte[] to, BiConsumer<byte[], byte[]> visitor) {
        pending.forEach((slot, value) -> {
            byte[] key = slot.key().array();
            if (value != NONE
                    && slot.family() == family
                    && Arrays.compareUnsigned(key, from) >= 0
                    && Arrays.compareUnsigned(key, to) < 0) {
                visitor.accept(key, value);
            }
        });
    }

    Write write() {
        hold();
        return write;
    }

    private void hold() {
        unwritten.forEach((slot, value) -> {
            byte[] key = slot.key().array();
            if (value == NONE) {
                write.delete(slot.family(), key);
            } else {
                write.put(slot.family(), key, value);
            }
        });
        unwritten.clear();
    }

    private static Slot slot(Family family, byte[] key) {
        return new Slot(family, ByteBuffer.wrap(key));
    }
}
