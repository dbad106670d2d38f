// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.storage.disk.Family;
import java.util.List;

/**
 * Some entries of a snapshot, all of one family. Immutable.
 *
 * @param family where they belong
 * @param keys their keys without the shard's id in front, in order
 * @param values their values as they are stored, one a key
 */
public record SnapshotPart(Family family, List<ByteString> keys, List<ByteString> values) {
    public SnapshotPart {
        keys = List.copyOf(keys);
        values = List.copyOf(values);
        if (keys.size() != values.size() || keys.isEmpty()) {
            throw new IllegalArgumentException(keys.size() + " keys and " + values.size() + " values in a part");
        }
    }

    /** Bytes of keys and values. */
    public long bytes() {
        long bytes = 0;
        for (int i = 0; i < keys.size(); i++) {
            bytes += keys.get(i).size() + values.get(i).size();
        }
        return bytes;
    }
}
