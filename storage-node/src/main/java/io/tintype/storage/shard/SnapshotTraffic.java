// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * What all copies of a node share, be they snapshots or the logs of newcomers: how many snapshots may be under way, how fast
 * all of them together may go so that those who read and write hardly notice, and how far they are. Thread-safe; never blocks.
 */
final class SnapshotTraffic {
    /** A limit that somebody set is forgotten after so long. */
    static final Duration LIMIT_HOLDS = Duration.ofSeconds(30);

    /** Nobody can set less: something must get on. */
    static final long LEAST_BYTES_PER_SECOND = 256 << 10;

    /** Digests read so many times faster than copies go: nothing travels. */
    static final int READS_FASTER = 4;

    private final Pacer outgoing;
    private final Pacer incoming;
    private final Pacer digested;
    private final AtomicInteger sending = new AtomicInteger();
    private final AtomicInteger installing = new AtomicInteger();
    private final AtomicLong takenBytes = new AtomicLong();
    private final Map<ShardId, Arrival> arrivals = new ConcurrentHashMap<>();
    private final Set<OutgoingSnapshot> open = ConcurrentHashMap.newKeySet();
    private final long ownBytesPerSecond;
    private final LongSupplier nanoTime;
    private volatile long bytesPerSecond;
    private volatile long limitedUntil;

    /**
     * What came of one shard. Immutable.
     *
     * @param installed bytes of the snapshot that is being installed, or of the backlog that is being fed
     * @param expected bytes the snapshot has, about; 0: none is being installed
     * @param taken bytes of all snapshots and backlogs since the start, or since the replica was last dropped
     * @param takingNanos how long installing those snapshots took that are over, and feeding backlogs so far, pauses for the
     *     pace included
     * @param sinceNanos when the snapshot that is being installed began, or the backlog last came on
     */
    record Arrival(long installed, long expected, long taken, long takingNanos, long sinceNanos) {
        static final Arrival NONE = new Arrival(0, 0, 0, 0, 0);

        boolean isInstalling() {
            return expected > 0;
        }
    }

    /** @param bytesPerSecond most that is sent, and most that is taken in */
    SnapshotTraffic(long bytesPerSecond, LongSupplier nanoTime) {
        this.ownBytesPerSecond = bytesPerSecond;
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.outgoing = new Pacer(bytesPerSecond, nanoTime);
        this.incoming = new Pacer(bytesPerSecond, nanoTime);
        this.digested = new Pacer(bytesPerSecond, nanoTime);
    }

    // ---- how fast

    /**
     * Sets another limit for {@link #LIMIT_HOLDS}, or, with 0, the node's own again.
     *
     * @param wanted bytes a second
     */
    synchronized void limit(long wanted) {
        limitedUntil = nanoTime.getAsLong() + LIMIT_HOLDS.toNanos();
        pace(wanted <= 0 ? ownBytesPerSecond : Math.max(LEAST_BYTES_PER_SECOND, wanted));
    }

    private void pace(long next) {
        if (next != bytesPerSecond) {
            bytesPerSecond = next;
            outgoing.pace(next);
            incoming.pace(next);
            digested.pace(next);
        }
    }

    /** The limit there is now. */
    synchronized long bytesPerSecond() {
        if (nanoTime.getAsLong() - limitedUntil > 0) {
            pace(ownBytesPerSecond);
        }
        return bytesPerSecond;
    }

    // ---- sending

    /** Takes one of the places for sending; false: none is free. */
    boolean beginSending() {
        return take(sending, ShardLimits.SNAPSHOTS_SENT);
    }

    void opened(OutgoingSnapshot snapshot) {
        open.add(snapshot);
    }

    void endSending(OutgoingSnapshot snapshot) {
        if (open.remove(snapshot)) {
            giveUpSending();
        }
    }

    /** Gives a place back that nothing came of. */
    void giveUpSending() {
        sending.decrementAndGet();
    }

    /** Nanoseconds to wait after so many bytes were sent, of whatever copy. */
    long sent(long bytes) {
        var unused = bytesPerSecond();
        return outgoing.took(bytes);
    }

    /**
     * Nanoseconds to wait after so many bytes were read for a digest. Not in one line with what is sent: what a digest reads at a time is
     * little, and it would wait for a part of a snapshot before each.
     */
    long digested(long bytes) {
        var unused = bytesPerSecond();
        return digested.took(bytes / READS_FASTER);
    }

    /** Gives up whatever is being sent. */
    void close() {
        open.forEach(OutgoingSnapshot::close);
    }

    // ---- installing

    /** Takes one of the places for installing; false: none is free. */
    boolean beginInstalling() {
        return take(installing, ShardLimits.SNAPSHOTS_INSTALLED);
    }

    void endInstalling() {
        installing.decrementAndGet();
    }

    /** Nanoseconds to wait after so many bytes of a shard's snapshot were installed. */
    long installed(ShardId shard, long bytes) {
        var unused = bytesPerSecond();
        takenBytes.addAndGet(bytes);
        arrivals.compute(shard, (id, was) -> {
            var before = was == null ? Arrival.NONE : was;
            return new Arrival(
                    before.installed() + (before.isInstalling() ? bytes : 0), // else it was given up meanwhile
                    before.expected(),
                    before.taken() + bytes,
                    before.takingNanos(),
                    before.sinceNanos());
        });
        return incoming.took(bytes);
    }

    /**
     * A shard's backlog begins to come, or goes on.
     *
     * @param afresh nothing of it is here
     */
    void feeding(ShardId shard, boolean afresh) {
        long now = nanoTime.getAsLong();
        arrivals.compute(shard, (id, was) -> {
            var before = was == null ? Arrival.NONE : was;
            return new Arrival(afresh ? 0 : before.installed(), 0, before.taken(), before.takingNanos(), now);
        });
    }

    /** Nanoseconds to wait after so many bytes of a shard's backlog were taken. */
    long fed(ShardId shard, long bytes) {
        var unused = bytesPerSecond();
        takenBytes.addAndGet(bytes);
        long now = nanoTime.getAsLong();
        arrivals.computeIfPresent(
                shard,
                (id, was) -> new Arrival(
                        was.installed() + bytes,
                        was.expected(),
                        was.taken() + bytes,
                        was.takingNanos() + now - was.sinceNanos(),
                        now));
        return incoming.took(bytes);
    }

    /** So many bytes of a shard are to come. */
    void expect(ShardId shard, long bytes) {
        long now = nanoTime.getAsLong();
        arrivals.compute(
                shard,
                (id, was) ->
                        new Arrival(0, bytes, was == null ? 0 : was.taken(), was == null ? 0 : was.takingNanos(), now));
    }

    /** An installation is over, or was given up. */
    void forget(ShardId shard) {
        long now = nanoTime.getAsLong();
        arrivals.computeIfPresent(
                shard,
                (id, was) -> was.isInstalling()
                        ? new Arrival(0, 0, was.taken(), was.takingNanos() + now - was.sinceNanos(), 0)
                        : was); // it was given up before it was known what was to come
    }

    /** A shard leaves this node: should it ever come back, what came before is none of that copy. */
    void leaves(ShardId shard) {
        arrivals.remove(shard);
    }

    /** What came of a shard. */
    Arrival arrival(ShardId shard) {
        return arrivals.getOrDefault(shard, Arrival.NONE);
    }

    /** Bytes that came of all copies since the start. */
    long takenBytes() {
        return takenBytes.get();
    }

    /** Bytes that the snapshots being installed have, about; not less than came of them. */
    long expectedBytes() {
        return Math.max(sum(Arrival::expected), installedBytes());
    }

    /** Bytes that came of the snapshots being installed. */
    long installedBytes() {
        return sum(Arrival::installed);
    }

    private long sum(ToLongFunction<Arrival> what) {
        return arrivals.values().stream()
                .filter(Arrival::isInstalling)
                .mapToLong(what)
                .sum();
    }

    private static boolean take(AtomicInteger places, int limit) {
        if (places.incrementAndGet() > limit) {
            places.decrementAndGet();
            return false;
        }
        return true;
    }
}
