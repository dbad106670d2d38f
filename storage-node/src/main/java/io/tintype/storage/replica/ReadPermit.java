// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.OptionalLong;

/**
 * The right to serve linearizable reads, as of the last step. Immutable: the shard's loop publishes the one that stands
 * after a step before it carries out the step's actions, and any thread may then use it without asking the loop.
 *
 * <p>Three looks: take the permit that is published, read the value, take the permit that is published then, and reply
 * only if {@link #covers} says so. Without the first look, the value may come from before this replica had applied all
 * of its predecessor's commits; asked earlier, a pause in front of the reply makes the second look worthless.
 */
public final class ReadPermit {
    /** Nothing may be served. */
    public static final ReadPermit NONE = new ReadPermit(0, false, false, List.of(), 0, true);

    private final long epoch;
    private final boolean serving;
    private final boolean leased;
    private final List<Now> grantedSince;
    private final long leaseNanos;
    private final boolean bothClocks;

    ReadPermit(
            long epoch, boolean serving, boolean leased, List<Now> grantedSince, long leaseNanos, boolean bothClocks) {
        this.epoch = epoch;
        this.serving = serving;
        this.leased = leased;
        this.grantedSince = List.copyOf(grantedSince);
        this.leaseNanos = leaseNanos;
        this.bothClocks = bothClocks;
    }

    boolean isServing() {
        return serving;
    }

    /**
     * Whether a value read after {@code before} was published, and before this permit was looked up, is linearizable:
     * this replica served all along, and everybody who could be elected instead has granted a lease that runs still.
     *
     * @param now looked up after this permit
     */
    public boolean covers(ReadPermit before, Now now) {
        return before.serving && before.epoch == epoch && isValid(now);
    }

    /** Whether everybody who could be elected instead has granted a lease that runs still, and this replica serves. */
    public boolean isValid(Now now) {
        if (!serving || !leased) {
            return false;
        }
        for (int i = 0; i < grantedSince.size(); i++) {
            if (ageNanos(grantedSince.get(i), now) >= leaseNanos) {
                return false;
            }
        }
        return true;
    }

    /**
     * How old a value read now may be at most: nothing while the permit is valid; after that, nobody else can have
     * committed anything before the oldest of the leases began. Empty: unknown.
     */
    OptionalLong stalenessNanos(Now now) {
        if (!serving || !leased) {
            return OptionalLong.empty();
        }
        long oldest = 0;
        for (var since : grantedSince) {
            oldest = Math.max(oldest, ageNanos(since, now));
        }
        if (oldest < leaseNanos) {
            return OptionalLong.of(0);
        }
        return oldest == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(oldest);
    }

    /**
     * The same as {@link #covers} without a lease: whether a value read after this permit was published is linearizable,
     * because a configuration read later still, after a sync, shows this node as primary of the same epoch.
     */
    public boolean isConfirmedBy(ShardConfig read, NodeId self) {
        return serving && read.epoch() == epoch && read.isPrimary(self);
    }

    /**
     * How long ago the answered beat was sent, by the larger of both clocks; where they disagree, the machine was
     * suspended or a clock was set, and the lease is void ({@link Rule#LEASE_NEEDS_BOTH_CLOCKS}).
     */
    private long ageNanos(Now since, Now now) {
        long monotonic = now.nanosSince(since);
        if (!bothClocks) {
            return monotonic;
        }
        long wall = (now.wallMillis() - since.wallMillis()) * 1_000_000;
        return now.agreesSince(since) ? Math.max(wall, monotonic) : Long.MAX_VALUE;
    }
}
