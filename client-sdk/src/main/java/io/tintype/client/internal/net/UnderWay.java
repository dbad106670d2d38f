// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.tintype.model.Reason;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * What was begun and is not over. What waits for another try, or for an answer that nobody is left to hand over, would wait
 * for good once the client is closed: closing this ends it. Holds no more than there are calls in flight. Thread-safe.
 */
public final class UnderWay {
    private final Set<Work<?>> all = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private static final class Work<T> {
        private final Op op;
        private final CompletableFuture<T> result = new CompletableFuture<>();

        Work(Op op) {
            this.op = op;
        }

        void end() {
            if (op.isTrying()) {
                op.maybeApplied(); // its answer will not be heard any more
            }
            result.completeExceptionally(closedFailure());
            op.cancel(); // no other server is to be asked any more
        }
    }

    /** The same outcome; but once this is closed, it fails with {@link CallFailure} where it is not known by then. */
    public <T> CompletableFuture<T> until(Op op, CompletableFuture<T> work) {
        if (work.isDone()) {
            return work;
        }
        var mine = new Work<T>(op);
        all.add(mine);
        var unused = work.whenComplete((value, thrown) -> {
            all.remove(mine);
            if (thrown == null) {
                mine.result.complete(value);
            } else {
                mine.result.completeExceptionally(thrown);
            }
        });
        if (closed && all.remove(mine)) {
            mine.end();
        }
        return mine.result;
    }

    /** How much waits for its next attempt now, having heard how the last one failed. */
    public int pausing() {
        return (int) all.stream().filter(work -> !work.op.isTrying()).count();
    }

    /** Why nothing is begun, or ended, any more. */
    static CallFailure closedFailure() {
        return CallFailure.of(Reason.UNAVAILABLE, "the client is closed; make a new one");
    }

    /** Whether {@link #close} was called. */
    boolean isClosed() {
        return closed;
    }

    /** Ends all that is left, and what is begun from now on, by the executor: applications do what they like then. */
    public void close(Executor executor) {
        closed = true;
        for (var work : List.copyOf(all)) {
            if (all.remove(work)) {
                try {
                    executor.execute(work::end);
                } catch (RejectedExecutionException gone) {
                    work.end();
                }
            }
        }
    }
}
