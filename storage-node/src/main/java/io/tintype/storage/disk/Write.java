// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes that are made all or none, in the order given here. Filled by one thread, then handed to the {@link
 * Committer}, after which nobody may change it.
 *
 * <p>Keys and values are not copied before they are written: whoever gives an array away must not touch it again.
 */
public final class Write {
    /** What an operation costs in RocksDB's own log besides its key and value; for the account of bytes. */
    private static final int OVERHEAD_BYTES = 16;

    private final List<Operation> operations = new ArrayList<>(4);
    private long bytes;

    /** Sets a key. */
    public Write put(Family family, byte[] key, ByteString value) {
        return add(new Put(family, key, value), (long) key.length + value.size());
    }

    /** Sets a key. */
    public Write put(Family family, byte[] key, byte[] value) {
        return put(family, key, UnsafeByteOperations.unsafeWrap(value));
    }

    /** Removes a key, if it is there. */
    public Write delete(Family family, byte[] key) {
        return add(new Delete(family, key), key.length);
    }

    /** Removes all keys from {@code from} (inclusive) to {@code to} (exclusive). */
    public Write deleteRange(Family family, byte[] from, byte[] to) {
        return add(new DeleteRange(family, from, to), (long) from.length + to.length);
    }

    /** True if there is nothing to do. */
    public boolean isEmpty() {
        return operations.isEmpty();
    }

    /** About how many bytes will be written. */
    public long bytes() {
        return bytes;
    }

    List<Operation> operations() {
        return operations;
    }

    private Write add(Operation operation, long size) {
        operations.add(operation);
        bytes += size + OVERHEAD_BYTES;
        return this;
    }

    sealed interface Operation {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Put(Family family, byte[] key, ByteString value) implements Operation {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Delete(Family family, byte[] key) implements Operation {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record DeleteRange(Family family, byte[] from, byte[] to) implements Operation {}
}
