// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Scan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lists a user's names. Names below a common prefix are skipped by one seek, however many there are.
 *
 * <p>Thread-safe; blocks on the disk.
 */
final class Lister {
    private final Disk disk;
    private final Keys keys;

    Lister(Disk disk, Keys keys) {
        this.disk = disk;
        this.keys = keys;
    }

    Listing list(UserId user, String prefix, String delimiter, String startAfter, int limit, long nowMs) {
        byte[] prefixBytes = utf8(prefix);
        byte[] delimiterBytes = utf8(delimiter);
        byte[] all = keys.head(user, prefixBytes);
        var entries = new ArrayList<Listed>();
        try (var scan = disk.scan(Family.HEAD, all, Keys.behindPrefix(all))) {
            skip(scan, user, prefixBytes, delimiterBytes, utf8(startAfter));
            while (scan.valid()) {
                var head = Stored.parse(StoredHead.parser(), scan.value(), "a head");
                if (!Stored.isLive(head, nowMs)) {
                    scan.next();
                    continue;
                }
                if (entries.size() == limit) {
                    return new Listing(entries, true);
                }
                byte[] name = Keys.rest(scan.key(), keys.headNameOffset(user));
                byte[] common = common(name, prefixBytes.length, delimiterBytes);
                if (common == null) {
                    entries.add(new Listed.Blob(BlobName.of(text(name)), head));
                    scan.next();
                } else {
                    entries.add(new Listed.Prefix(text(common)));
                    scan.seek(Keys.behindPrefix(keys.head(user, common)));
                }
            }
        }
        return new Listing(entries, false);
    }

    /** Goes behind the place a page ended at: behind all names of a prefix, if it was one. */
    private void skip(Scan scan, UserId user, byte[] prefix, byte[] delimiter, byte[] startAfter) {
        if (startAfter.length == 0 || Arrays.compareUnsigned(startAfter, prefix) < 0) {
            return;
        }
        byte[] common = startsWith(startAfter, prefix) ? common(startAfter, prefix.length, delimiter) : null;
        byte[] place = keys.head(user, startAfter);
        scan.seek(
                Arrays.equals(startAfter, common) ? Keys.behindPrefix(place) : Arrays.copyOf(place, place.length + 1));
    }

    /** The name up to and including the first delimiter behind the prefix; null if there is none. */
    private static byte @Nullable [] common(byte[] name, int prefixLength, byte[] delimiter) {
        if (delimiter.length == 0) {
            return null;
        }
        for (int at = prefixLength; at + delimiter.length <= name.length; at++) {
            if (Arrays.equals(name, at, at + delimiter.length, delimiter, 0, delimiter.length)) {
                return Arrays.copyOf(name, at + delimiter.length);
            }
        }
        return null;
    }

    private static boolean startsWith(byte[] name, byte[] prefix) {
        return name.length >= prefix.length && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
