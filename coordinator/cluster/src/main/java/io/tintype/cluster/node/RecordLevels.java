// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

/**
 * What records of the log may mean, in steps: a node says with its liveness up to which it applies them, and who would have a
 * record written that means something new first sees to it that every node which may apply it knows.
 *
 * <p>For replicas apply the same record each for itself. One whose program does not know a field of it passes over that field,
 * and holds something else than the others from then on.
 */
public final class RecordLevels {
    /** DIR_REHOME may name another pool. */
    public static final int REHOME_TO_POOL = 1;

    /** Up to which this program applies records. */
    public static final int CURRENT = REHOME_TO_POOL;

    private RecordLevels() {}
}
