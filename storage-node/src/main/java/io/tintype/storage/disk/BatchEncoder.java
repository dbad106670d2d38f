// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.Map;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Puts {@link Write}s into a RocksDB batch. Keys and values cross into native memory by way of direct buffers that are
 * kept: one copy here, one into the batch, none on the way.
 *
 * <p>Not thread-safe.
 */
final class BatchEncoder implements AutoCloseable {
    private static final int KEY_BYTES = 4 << 10;
    private static final int FIRST_VALUE_BYTES = 64 << 10;

    private final Map<Family, ColumnFamilyHandle> handles;
    private final WriteBatch batch;
    private final ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
    private ByteBuffer value = ByteBuffer.allocateDirect(FIRST_VALUE_BYTES);

    BatchEncoder(Map<Family, ColumnFamilyHandle> handles, int reservedBytes) {
        this.handles = handles;
        this.batch = new WriteBatch(reservedBytes);
    }

    void add(Write write) throws RocksDBException {
        for (var operation : write.operations()) {
            if (operation instanceof Write.Put put) {
                batch.put(handle(put.family()), key(put.key()), value(put.value()));
            } else if (operation instanceof Write.Delete delete) {
                batch.delete(handle(delete.family()), key(delete.key()));
            } else if (operation instanceof Write.DeleteRange range) {
                batch.deleteRange(handle(range.family()), range.from(), range.to());
            }
        }
    }

    WriteBatch batch() {
        return batch;
    }

    void clear() {
        batch.clear();
    }

    @Override
    public void close() {
        batch.close();
    }

    private ColumnFamilyHandle handle(Family family) {
        var handle = handles.get(family);
        if (handle == null) {
            throw new IllegalStateException("family " + family + " is not open");
        }
        return handle;
    }

    private ByteBuffer key(byte[] bytes) {
        return key.clear().put(bytes).flip();
    }

    private ByteBuffer value(ByteString bytes) {
        if (value.capacity() < bytes.size()) {
            value = ByteBuffer.allocateDirect(Integer.highestOneBit(bytes.size()) * 2);
        }
        value.clear();
        bytes.copyTo(value);
        return value.flip();
    }
}
