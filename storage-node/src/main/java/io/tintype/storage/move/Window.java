// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/** Lets only so much be under way at once: waits for the oldest where there is more. For one thread. */
final class Window {
    /** Most blobs of one move under way. */
    private static final int STEPS = 8;

    private final ArrayDeque<CompletableFuture<?>> open = new ArrayDeque<>();

    /** Something is under way. */
    void add(CompletableFuture<?> done) {
        open.add(done);
        while (open.size() >= STEPS) {
            Pull.await(open.remove());
        }
    }

    /** Waits for all; fails as the first that failed. */
    void close() {
        while (!open.isEmpty()) {
            Pull.await(open.remove());
        }
    }
}
