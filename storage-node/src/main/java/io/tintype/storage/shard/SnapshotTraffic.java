// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What all snapshots of a node share: how many may be under way, how fast they may go so that those who read and write
 * hardly notice, and how far they are. Thread-safe; never blocks.
 */
final class SnapshotTraffic {
    private final Pacer outgoing;
    private final Pacer incoming;
    private final AtomicInteger sending = new AtomicInteger();
    private final AtomicInteger installing = new AtomicInteger();
    private final AtomicLong expectedBytes = new AtomicLong();
    private final AtomicLong installedBytes = new AtomicLong();
    private final Set<OutgoingSnapshot> open = ConcurrentHashMap.newKeySet();

    /** @param bytesPerSecond most that is sent, and most that is taken in */
    SnapshotTraffic(long bytesPerSecond, LongSupplier nanoTime) {
        this.outgoing = new Pacer(bytesPerSecond, nanoTime);
        this.incoming = new Pacer(bytesPerSecond, nanoTime);
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

    /** Nanoseconds to wait after so many bytes were sent. */
    long sent(long bytes) {
        return outgoing.took(bytes);
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

    /** Nanoseconds to wait after so many bytes were installed. */
    long installed(long bytes) {
        installedBytes.addAndGet(bytes);
        return incoming.took(bytes);
    }

    /** So many more bytes are to come, or, negative, are no longer. */
    void expect(long bytes) {
        expectedBytes.addAndGet(bytes);
    }

    /** Bytes of an installation that is over count no longer. */
    void forget(long bytes) {
        installedBytes.addAndGet(-bytes);
    }

    long expectedBytes() {
        return Math.max(expectedBytes.get(), installedBytes.get());
    }

    long installedBytes() {
        return installedBytes.get();
    }

    private static boolean take(AtomicInteger places, int limit) {
        if (places.incrementAndGet() > limit) {
            places.decrementAndGet();
            return false;
        }
        return true;
    }
}
