// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.net.Op;
import org.jspecify.annotations.Nullable;

/** Hears of every operation that is over, on whatever thread ended it. */
@FunctionalInterface
public interface OpListener {
    /** An operation is over; null: it succeeded. */
    void finished(Op op, @Nullable Throwable failure);
}
