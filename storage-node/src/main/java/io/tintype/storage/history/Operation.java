// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

/**
 * One operation of one client, from the moment before it was sent to the moment after its answer.
 *
 * <p>Immutable.
 *
 * @param client who; a client may have several under way
 * @param key on what
 * @param invokedNanos clock of the run before the request was sent
 * @param returnedNanos the same clock after the answer, or when the client gave up; not before {@code invokedNanos}
 * @param call what was asked
 * @param result what came back
 */
public record Operation(int client, BlobKey key, long invokedNanos, long returnedNanos, Call call, Result result) {
    /**
     * Checks that the parts fit.
     *
     * @throws IllegalArgumentException if time runs backwards or the result answers another kind of call
     */
    public Operation {
        if (returnedNanos < invokedNanos) {
            throw new IllegalArgumentException(
                    call + " on " + key + " returned at " + returnedNanos + " ns, before it began at " + invokedNanos);
        }
        if (isDefinite(result) && !fits(call, result)) {
            throw new IllegalArgumentException(call + " on " + key + " cannot come back with: " + result);
        }
    }

    private static boolean fits(Call call, Result result) {
        if (call instanceof Call.Put put) {
            return result instanceof Result.Written
                    || (result instanceof Result.Conflict && !put.condition().equals(Condition.ANY));
        }
        if (call instanceof Call.Delete delete) {
            return result instanceof Result.Deleted
                    || (result instanceof Result.Conflict && !delete.condition().equals(Condition.ANY));
        }
        return result instanceof Result.Found || result instanceof Result.Missing;
    }

    private static boolean isDefinite(Result result) {
        return !(result instanceof Result.Unknown || result instanceof Result.Failed);
    }

    /** Whether the answer tells something about the state of the store. */
    public boolean isDefinite() {
        return isDefinite(result);
    }

    /** Whether this asks for a change, whatever came of it. */
    public boolean isWrite() {
        return !(call instanceof Call.Read);
    }

    /** Whether this is a change that may still take effect, or may have. */
    public boolean isOpen() {
        return isWrite() && result instanceof Result.Unknown;
    }

    /** Whether this changed something for certain. */
    public boolean isAcknowledgedWrite() {
        return result instanceof Result.Written || result instanceof Result.Deleted;
    }

    /** The same operation of which nothing came back. */
    Operation opened() {
        return new Operation(client, key, invokedNanos, returnedNanos, call, Result.UNKNOWN);
    }
}
