// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.Objects;

/** Bits that flip in memory. */
final class Damage {
    private Damage() {}

    /** Flips a bit of what the layer holds. */
    static void flip(MemoryLayer memory, PieceKey key) {
        var piece = Objects.requireNonNull(memory.find(key));
        var buffer = piece.firstBlock();
        buffer.put(0, (byte) (buffer.get(0) ^ 1));
        piece.release();
    }
}
