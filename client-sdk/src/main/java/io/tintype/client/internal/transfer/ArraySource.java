// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;

/** Bytes in memory, sent without copying them. A change made meanwhile is found by the checksum and refused. */
public record ArraySource(ByteString bytes) implements ByteSource {
    /** Of an array, which is not copied. */
    public static ArraySource of(byte[] bytes) {
        return new ArraySource(UnsafeByteOperations.unsafeWrap(bytes));
    }

    @Override
    public long size() {
        return bytes.size();
    }

    @Override
    public boolean blocks() {
        return false;
    }

    @Override
    public Cursor open(Runnable wake) {
        return new Cursor() {
            private int position;

            @Override
            public ByteString next(int max) {
                int end = Math.min(bytes.size(), position + max);
                var next = bytes.substring(position, end);
                position = end;
                return next;
            }

            @Override
            public boolean atEnd() {
                return position == bytes.size();
            }

            @Override
            public void close() {}
        };
    }
}
