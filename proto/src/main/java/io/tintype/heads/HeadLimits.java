// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import io.tintype.model.Limits;
import java.time.Duration;

/**
 * How long and how much a {@link HeadCache} may remember. Immutable.
 *
 * @param maxWeight most bytes held, by the weights that fills give plus {@link HeadCache#ENTRY_OVERHEAD} each; 1 or more
 * @param lease for how long a head may be used, counted from when its request was sent; at most {@link Limits#HEAD_LEASE}
 * @param absentLease the same for "there is none"; at most {@link Limits#ABSENT_LEASE} and at most {@code lease}
 */
public record HeadLimits(long maxWeight, Duration lease, Duration absentLease) {
    public HeadLimits {
        if (maxWeight < 1) {
            throw new IllegalArgumentException("maxWeight is " + maxWeight + "; give 1 or more");
        }
        if (lease.isNegative() || lease.compareTo(Limits.HEAD_LEASE) > 0) {
            throw new IllegalArgumentException(
                    "lease is " + lease + "; give 0 to " + Limits.HEAD_LEASE + ", for which strict deletes wait");
        }
        if (absentLease.isNegative()
                || absentLease.compareTo(Limits.ABSENT_LEASE) > 0
                || absentLease.compareTo(lease) > 0) {
            throw new IllegalArgumentException("absentLease is " + absentLease + "; give 0 to " + Limits.ABSENT_LEASE
                    + ", and no more than lease");
        }
    }

    /** The longest leases that are allowed. */
    public static HeadLimits of(long maxWeight) {
        return new HeadLimits(maxWeight, Limits.HEAD_LEASE, Limits.ABSENT_LEASE);
    }
}
