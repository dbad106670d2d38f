// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A source whose progress somebody watches.
 *
 * @param source where the bytes come from
 * @param observer hears after each frame how many bytes of this try were handed out
 */
public record ObservedSource(ByteSource source, LongConsumer observer) implements ByteSource {
    @Override
    public long size() throws IOException {
        return source.size();
    }

    @Override
    public boolean blocks() {
        return source.blocks();
    }

    @Override
    public void release() {
        source.release();
    }

    @Override
    public @Nullable Cursor open(Runnable wake) throws IOException {
        var cursor = source.open(wake);
        if (cursor == null) {
            return null;
        }
        return new Cursor() {
            private long position;

            @Override
            public @Nullable ByteString next(int max) throws IOException {
                var bytes = cursor.next(max);
                if (bytes != null) {
                    position += bytes.size();
                    observer.accept(position);
                }
                return bytes;
            }

            @Override
            public boolean atEnd() {
                return cursor.atEnd();
            }

            @Override
            public void close() {
                cursor.close();
            }
        };
    }
}
