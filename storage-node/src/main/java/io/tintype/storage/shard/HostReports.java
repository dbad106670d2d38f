// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.PinnedState;
import io.tintype.storage.blob.StateDigest;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.replica.Member;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What the controller wants to know of a node's replicas: how much they hold and bear, how far copies are, and whether they
 * hold the same as others. Thread-safe; nothing here blocks its caller.
 */
public final class HostReports implements AutoCloseable {
    /** States pinned, or waited for, at a time; further ones are OVERLOADED. */
    public static final int PINS = 8;

    /** How soon a digest that rests hears that nobody waits for it any more. */
    private static final long LOOK_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * One replica. Immutable.
     *
     * @param shard the shard
     * @param leads whether it leads
     * @param serving whether it does its part
     * @param users users it holds
     * @param blobs live blobs
     * @param bytes bytes a copy of it has, about
     * @param growth bytes a second by which that grew lately
     * @param growingMs for how long it has grown about like that
     * @param callsPerSecond calls lately
     * @param installed bytes of the snapshot being installed; 0: none is
     * @param expected bytes that has, about
     * @param taken bytes of all snapshots installed since the start
     * @param takingMs how long installing them took
     */
    public record Figures(
            ShardId shard,
            boolean leads,
            boolean serving,
            long users,
            long blobs,
            long bytes,
            double growth,
            long growingMs,
            double callsPerSecond,
            long installed,
            long expected,
            long taken,
            long takingMs) {}

    /**
     * A state that was pinned. Immutable.
     *
     * @param pin its name; not 0
     * @param sequence the last record in it
     * @param member the replica
     */
    public record Pinned(long pin, long sequence, Member member) {}

    private final ShardContext context;
    private final ShardRegistry registry;
    private final Samples samples;
    private final StatePins pins;
    private final ThreadPoolExecutor digests =
            new ThreadPoolExecutor(1, 1, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(PINS), task -> {
                var thread = new Thread(task, "tintype-digest");
                thread.setDaemon(true);
                return thread;
            });
    private volatile boolean closed;

    HostReports(ShardContext context, ShardRegistry registry, Samples samples) {
        this.context = context;
        this.registry = registry;
        this.samples = samples;
        this.pins = new StatePins(context.threads());
    }

    // ---- figures

    /** All replicas that run, in order of shard. */
    public List<Figures> figures() {
        return registry.running().stream()
                .map(this::figures)
                .sorted(Comparator.comparing(Figures::shard))
                .toList();
    }

    private Figures figures(ShardRuntime shard) {
        var status = shard.status();
        var stats = shard.reader().stats();
        var sample = samples.of(shard.id());
        var arrival = context.snapshots().arrival(shard.id());
        return new Figures(
                shard.id(),
                status.leads(),
                status.serving(),
                stats.users(),
                stats.blobs(),
                Math.max(
                        stats.bytes(),
                        sample == null
                                ? 0
                                : sample.bytesAt(context.clock().now().nanos())),
                sample == null ? 0 : sample.growth(),
                sample == null ? 0 : TimeUnit.NANOSECONDS.toMillis(sample.growingNanos()),
                sample == null ? 0 : sample.rate(),
                arrival.installed(),
                arrival.expected(),
                arrival.taken(),
                TimeUnit.NANOSECONDS.toMillis(arrival.takingNanos()));
    }

    /** The disk as it is now. */
    public Disk.Usage disk() {
        return context.disk().usage();
    }

    /** Sets how fast snapshots go, for half a minute; 0: the node's own setting again. */
    public void limitSnapshots(long bytesPerSecond) {
        context.snapshots().limit(bytesPerSecond);
    }

    /** How fast snapshots may go now. */
    public long snapshotBytesPerSecond() {
        return context.snapshots().bytesPerSecond();
    }

    /** Bytes that came as snapshots since the start. */
    public long snapshotBytesTaken() {
        return context.snapshots().takenBytes();
    }

    // ---- digests

    /**
     * Keeps a replica's state right behind a record, or, if that is not applied within a second or more are, as it is then.
     * Fails with SHARD_NOT_FOUND, OVERLOADED, UNAVAILABLE.
     *
     * @param sequence the record; 0: as it is now
     */
    public CompletableFuture<Pinned> pin(ShardId id, long sequence) {
        var found = registry.runtime(id);
        if (found.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new TintypeException(Reason.SHARD_NOT_FOUND, "this node has no replica of shard " + id));
        }
        var shard = found.get();
        return pins.pin(shard.self(), sequence, shard::behind, shard.store()::pin);
    }

    /** Gives a pin up that nobody will digest. */
    public void drop(long pin) {
        pins.drop(pin);
    }

    /**
     * Digests a pinned state, one at a time and at {@value SnapshotTraffic#READS_FASTER} times the pace of snapshots, and gives the pin
     * up. Fails with INVALID_ARGUMENT where there is no such pin any more, OVERLOADED, CORRUPT_DATA. Where nobody waits for it any more, cancel
     * the answer: the digest ends with what it is reading, and one that has not begun never does.
     */
    public CompletableFuture<StateDigest> digest(long pin, boolean readChunks) {
        var found = pins.remove(pin);
        if (found.isEmpty()) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.INVALID_ARGUMENT, "there is no such pin any more; pin the replica again"));
        }
        var state = found.get();
        var digest = new CompletableFuture<StateDigest>();
        Runnable work = () -> digest(state, readChunks, digest);
        try {
            digests.execute(work);
        } catch (RejectedExecutionException e) {
            state.close();
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.OVERLOADED, "this node digests enough states already; ask again later"));
        }
        var unused = digest.whenComplete((done, failure) -> {
            if (digest.isCancelled() && digests.remove(work)) { // it had not begun
                state.close();
            }
        });
        return digest;
    }

    private void digest(PinnedState state, boolean readChunks, CompletableFuture<StateDigest> digest) {
        try (state) {
            digest.complete(state.digest(readChunks, bytes -> pace(bytes, digest)));
        } catch (RuntimeException | Error e) {
            digest.completeExceptionally(e);
        }
    }

    private void pace(long bytes, CompletableFuture<StateDigest> digest) {
        long rest = context.snapshots().digested(bytes);
        long until = System.nanoTime() + rest;
        for (; rest > 0 && !closed && !digest.isDone(); rest = until - System.nanoTime()) {
            LockSupport.parkNanos(Math.min(rest, LOOK_UP_NANOS));
        }
        if (closed) {
            throw new TintypeException(Reason.UNAVAILABLE, "the node is stopping");
        }
        if (digest.isDone()) {
            throw new TintypeException(Reason.UNAVAILABLE, "nobody waits for this digest any more");
        }
    }

    /** Digests that wait for others to end, of at most {@link #PINS}. Any thread. */
    public int digestsWaiting() {
        return digests.getQueue().size();
    }

    /** Gives all pins up, and those who wait for one; digests under way fail. */
    @Override
    public void close() {
        closed = true;
        pins.close();
        digests.shutdown();
        try {
            var unused = digests.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
