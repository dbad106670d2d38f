// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * Hears of every operation of a client when it is over: the hook for metrics.
 *
 * <p>Called on the client's own threads, or on the one that waits in a blocking call, from several at once; return quickly. What it throws is logged and otherwise
 * ignored.
 */
@FunctionalInterface
public interface CallListener {
    /** An operation is over. */
    void finished(CallReport report);
}
