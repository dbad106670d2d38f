// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where the bytes of an upload come from. Used by one upload, whose attempts follow each other. */
public interface ByteSource {
    /** The number of bytes is not known beforehand. */
    long UNKNOWN = -1;

    /** Number of bytes, or {@link #UNKNOWN}. */
    long size() throws IOException;

    /** Whether reading may block; if not, it is done on whatever thread is at hand. */
    boolean blocks();

    /**
     * Begins at the first byte.
     *
     * @param wake to be run when {@link Cursor#next} has something again after it had nothing
     * @return null where the bytes were handed out before and are no more
     */
    @Nullable
    Cursor open(Runnable wake) throws IOException;

    /** Nothing more will be wanted. */
    default void release() {}

    /** One pass over the bytes. Used by one thread at a time. */
    interface Cursor extends AutoCloseable {
        /** The next bytes, {@code max} of them unless they are the last ones; null where they are still to come. */
        @Nullable
        ByteString next(int max) throws IOException;

        /** Whether everything was handed out, as far as is known without another look. */
        boolean atEnd();

        @Override
        void close();
    }
}
