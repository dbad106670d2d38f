// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.proto.internal.v1.ReplicaReport;

/**
 * How a shard grows. Immutable; pure.
 *
 * @param bytesPerSecond bytes a second; negative: it shrinks
 * @param forSeconds for how long it has done so
 */
record Growth(double bytesPerSecond, double forSeconds) {
    static final Growth NONE = new Growth(0, 0);

    /** What replaced and deleted blobs left is removed after ten minutes: from then on nobody knows how a shard grows. */
    private static final double FORESEEN_S = 600;

    private static final double SECOND_MS = 1_000;

    static Growth of(ReplicaReport replica) {
        return new Growth(replica.getGrowthBytesPerSecond(), replica.getGrowingMs() / SECOND_MS);
    }

    /** What so many bytes will be after a while. Nobody foresees for longer than he has looked back: a burst goes on for no longer. */
    long after(double seconds, long bytes) {
        return Math.max(1, bytes + (long) (bytesPerSecond * Math.min(seconds, Math.min(forSeconds, FORESEEN_S))));
    }
}
