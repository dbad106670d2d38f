// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How an upload ended; kept in {@code stage} until the upload would be too old anyway, so that it ends only once. */
enum Closing {
    /** Its chunks are a blob, or were. */
    COMMITTED(1),
    /** It was given up. */
    ABORTED(2);

    private final byte code;

    Closing(int code) {
        this.code = (byte) code;
    }

    byte[] bytes() {
        return new byte[] {code};
    }

    static Optional<Closing> read(byte @Nullable [] value) {
        if (value == null) {
            return Optional.empty();
        }
        for (var closing : values()) {
            if (value.length == 1 && value[0] == closing.code) {
                return Optional.of(closing);
            }
        }
        throw Stored.corrupt("how an upload ended", new IllegalArgumentException("unknown code"));
    }
}
