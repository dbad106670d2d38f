// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.OpListener;
import io.tintype.client.internal.net.Op;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the application's listener of operations that are over. Thread-safe. */
final class Reports implements OpListener {
    private static final Logger log = LoggerFactory.getLogger(TintypeClient.class);

    private final CallListener listener;

    Reports(CallListener listener) {
        this.listener = listener;
    }

    @Override
    public void finished(Op op, @Nullable Throwable failure) {
        Reason reason = failure == null ? null : failure instanceof TintypeException e ? e.reason() : Reason.INTERNAL;
        try {
            listener.finished(new CallReport(op.name(), op.elapsed(), op.attempts(), op.bytes(), reason));
        } catch (RuntimeException | Error e) { // else who waits for the call would wait for ever
            log.warn("the call listener failed; the call it heard of is not affected", e);
        }
    }
}
