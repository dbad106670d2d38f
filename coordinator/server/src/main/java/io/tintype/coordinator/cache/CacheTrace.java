// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.trace.Trace;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The part of a trace that looks for a piece, and which layer had it. Thread-safe. */
final class CacheTrace {
    /** Of what no cache had, and the origin was not to be asked for. */
    static final String NOBODY = "none";

    private static final String LAYER = "tintype.cache.layer";
    /** Of one that waits for the search of another read. */
    private static final String OTHERS = "awaited";

    private static final CacheTrace NONE = new CacheTrace(Trace.NONE);

    private final Trace trace;

    private CacheTrace(Trace trace) {
        this.trace = trace;
    }

    /** Begins with the trace of the read at hand. */
    static CacheTrace begin() {
        var read = Trace.current();
        return read.isRecording() ? new CacheTrace(read.child("cache").set(LAYER, OTHERS)) : NONE;
    }

    /** A layer had the piece. */
    void answeredBy(String layer) {
        trace.set(LAYER, layer);
    }

    /** Does something as part of it. */
    <T> T of(Supplier<T> work) {
        return trace.isRecording() ? trace.get(work) : work.get();
    }

    /** Ends with a search. */
    <T> CompletableFuture<T> until(CompletableFuture<T> search) {
        if (trace.isRecording()) {
            var unused = search.whenComplete((found, failure) -> trace.end(failure));
        }
        return search;
    }
}
