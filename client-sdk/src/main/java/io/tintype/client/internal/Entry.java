// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Retrier;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One operation that was let in: once it is over, another may be, and all who want to know are told. */
final class Entry {
    private final Op op;
    private final @Nullable RequestId requestId;
    private final Runnable leave;
    private final OpListener listener;
    private final AtomicBoolean told = new AtomicBoolean();

    private Entry(Op op, @Nullable RequestId requestId, Runnable leave, OpListener listener) {
        this.op = op;
        this.requestId = requestId;
        this.leave = leave;
        this.listener = listener;
    }

    /**
     * Lets an operation in.
     *
     * @param requestId of a change; null: it has none
     * @throws TintypeException as {@link Admission#enter} does; the operation's trace has ended then
     */
    static Entry of(Op op, @Nullable RequestId requestId, Admission admission, OpListener listener) {
        try {
            return new Entry(op, requestId, admission.enter(), listener);
        } catch (TintypeException refused) {
            op.trace().end(refused);
            throw refused;
        }
    }

    /**
     * It is over; null: it succeeded. Only the first word counts: whoever hears of a success may fail on it.
     *
     * @return what is to be shown of a failure
     */
    @Nullable
    Throwable over(@Nullable Throwable failure) {
        leave.run();
        var seen = failure == null ? null : Failures.toShow(Retrier.unwrap(failure), op, requestId);
        if (told.compareAndSet(false, true)) {
            op.trace().set("tintype.attempts", op.attempts()).end(seen);
            listener.finished(op, seen);
        }
        return seen;
    }
}
