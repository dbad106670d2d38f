// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.concurrent.atomic.LongAdder;

/** What one layer, or the origin, was good for. Thread-safe. */
public final class LayerFigures {
    private final String name;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder damaged = new LongAdder();

    LayerFigures(String name) {
        this.name = name;
    }

    void hit(int length) {
        hits.increment();
        bytes.add(length);
    }

    void miss() {
        misses.increment();
    }

    void damaged() {
        damaged.increment();
    }

    /** The layer's name. */
    public String name() {
        return name;
    }

    /** Pieces it had. */
    public long hits() {
        return hits.sum();
    }

    /** Pieces it did not have. */
    public long misses() {
        return misses.sum();
    }

    /** Bytes of the pieces it had. */
    public long bytes() {
        return bytes.sum();
    }

    /** Pieces that were damaged, or others than those asked for: dropped, and read elsewhere. */
    public long damagedPieces() {
        return damaged.sum();
    }
}
