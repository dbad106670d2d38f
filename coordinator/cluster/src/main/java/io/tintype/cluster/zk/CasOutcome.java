// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

/** How a compare-and-set or a create ended. Each is final: nothing of the attempt can take effect later. */
public sealed interface CasOutcome<T> {
    /**
     * The record was written by this attempt.
     *
     * @param written the record and the version it has now
     */
    record Won<T>(Versioned<T> written) implements CasOutcome<T> {}

    /**
     * Somebody else's record is there.
     *
     * @param current that record
     */
    record Lost<T>(Versioned<T> current) implements CasOutcome<T> {}

    /** There is no such znode to replace. */
    record Missing<T>() implements CasOutcome<T> {}
}
