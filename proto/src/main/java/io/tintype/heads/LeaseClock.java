// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * What leases of heads are timed by: nanoseconds that count the time in which the machine was suspended, too. Thread-safe;
 * never blocks; never goes back.
 *
 * <p>{@link System#nanoTime} may stand still while a machine sleeps, and a lease timed by it would go on afterwards as though
 * nothing could have changed meanwhile. So where the wall clock ran ahead of it by more than {@link #MAX_GAP_MS}, this clock
 * goes forward by as much. A wall clock that was set forward looks the same, and ends leases early; one that was set back
 * changes nothing. What nobody can tell is a sleep whose length the wall clock does not know either.
 *
 * <p>Times of different lease clocks cannot be compared: all that looks at leases of one process takes {@link #SYSTEM}.
 */
public final class LeaseClock implements LongSupplier {
    /** By how many milliseconds the two clocks may part before it counts: more than they do by rounding and between two looks. */
    public static final long MAX_GAP_MS = 20;

    /** The machine's own clocks. */
    public static final LeaseClock SYSTEM = new LeaseClock(System::nanoTime, System::currentTimeMillis);

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final LongSupplier nanoTime;
    private final LongSupplier wallMillis;
    private final AtomicReference<Gap> gap;

    /** By how much the wall clock was ahead of the other when it last counted, or less since; and what was added so far. */
    private record Gap(long aheadNanos, long addedNanos) {
        /** It is ahead by so much at least, and by so much at most. */
        Gap now(long least, long most) {
            if (least - aheadNanos > MAX_GAP_MS * NANOS_PER_MILLI) {
                return new Gap(least, addedNanos + (least - aheadNanos));
            }
            return most < aheadNanos ? new Gap(most, addedNanos) : this;
        }
    }

    LeaseClock(LongSupplier nanoTime, LongSupplier wallMillis) {
        this.nanoTime = nanoTime;
        this.wallMillis = wallMillis;
        long wall = wallMillis.getAsLong() * NANOS_PER_MILLI;
        this.gap = new AtomicReference<>(new Gap(wall - nanoTime.getAsLong(), 0));
    }

    /** Nanoseconds since some moment; may be negative, and wrap around, as those of {@link System#nanoTime}. */
    @Override
    public long getAsLong() {
        long before = nanoTime.getAsLong();
        long wall = wallMillis.getAsLong() * NANOS_PER_MILLI;
        long nanos = nanoTime.getAsLong(); // a pause amid the looks is told from a gap by the first
        var seen = Objects.requireNonNull(gap.get());
        var next = seen.now(wall - nanos, wall - before);
        if (!next.equals(seen) && !gap.compareAndSet(seen, next)) {
            return getAsLong(); // somebody else has seen it, or something later, meanwhile
        }
        return nanos + next.addedNanos();
    }
}
