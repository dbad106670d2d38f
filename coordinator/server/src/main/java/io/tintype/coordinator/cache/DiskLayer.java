// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pieces on this machine's disk, in RocksDB with FIFO compaction: written once, without a log, and dropped file by file, the
 * oldest first, when there are too many. Survives restarts; what a crash loses is a miss. Thread-safe.
 *
 * <p>What is written of a user is encrypted with a key of his, which is kept beside; throwing that key away makes all of it
 * unreadable at once.
 *
 * <p>Its own few threads do all that touches the disk. When they are behind, pieces are not looked for and not kept.
 */
final class DiskLayer implements PieceLayer {
    private static final Logger log = LoggerFactory.getLogger(DiskLayer.class);

    /** Least bytes with which it works: below, files would be dropped as they are written. */
    static final long LEAST_BYTES = 64L << 20;

    /** How long a piece lies on disk: a user who has moved to another region leaves nothing here for longer. */
    static final Duration LIFETIME = Duration.ofHours(24);

    /** How often in a lifetime it is looked for what is past it. */
    private static final int LOOKS_EACH = 24;

    private static final int THREADS = 2;
    private static final int WAITING = 256;
    private static final long CLOSE_S = 10;
    private static final int REMEMBERED = 1 << 20;

    private final PieceCodec codec;
    private final Predicate<String> mayLieHere;
    private final QuietLog quietly = new QuietLog(log, System::nanoTime);
    private final SeenBefore seen = new SeenBefore(REMEMBERED);
    private final DiskStore store;
    private final UserSecrets secrets;
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor ageing;
    private volatile boolean closed;

    /**
     * Opens the cache in a folder, which is made where it is not there. What a cache left in it and cannot be opened is thrown
     * away.
     *
     * @param lifetime after this, and at most {@link #LOOKS_EACH} of it more, a piece is gone from the disk
     * @param mayLieHere whose bytes may be on this machine's disk; what was written of others before is not read any more
     * @throws UncheckedIOException if nothing can be kept there, or what is there may not be a cache's
     */
    DiskLayer(Path folder, long bytes, Duration lifetime, PieceCodec codec, Predicate<String> mayLieHere) {
        this.codec = codec;
        this.mayLieHere = mayLieHere;
        store = DiskStore.open(folder, bytes, lifetime);
        secrets = new UserSecrets(store, lifetime);
        var queue = new ArrayBlockingQueue<Runnable>(WAITING);
        threads = new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.MINUTES, queue, work -> {
            var thread = new Thread(work, "disk-cache");
            thread.setDaemon(true);
            return thread;
        });
        ageing = new ScheduledThreadPoolExecutor(1, work -> {
            var thread = new Thread(work, "disk-cache-ageing");
            thread.setDaemon(true);
            return thread;
        });
        long period = lifetime.toMillis() / LOOKS_EACH;
        var looking = quietly.guarding("what is too old cannot be removed from the disk cache", this::age);
        var unused = ageing.scheduleWithFixedDelay(looking, period, period, TimeUnit.MILLISECONDS);
    }

    /** RocksDB looks for files past their time only when it writes; this has it look though nothing is written. */
    private synchronized void age() throws RocksDBException {
        if (!closed) {
            store.age();
            secrets.prune(System.currentTimeMillis());
        }
    }

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
        if (!mayLieHere.test(spec.key().user())) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        var answer = new CompletableFuture<Optional<Piece>>();
        if (!run(() -> answer.complete(read(spec)))) {
            answer.complete(Optional.empty());
        }
        return answer;
    }

    private Optional<Piece> read(PieceSpec spec) {
        try {
            var digest = codec.key(spec.key());
            var secret = closed ? null : secrets.find(spec.key().user());
            if (secret == null) {
                return Optional.empty();
            }
            var name = secret.name(digest);
            return codec.decode(digest, spec.length(), secret.turn(name, store.get(name)));
        } catch (RocksDBException | RuntimeException | Error e) { // all who want the piece wait for an answer
            quietly.warn("a piece cannot be read from the disk cache, and is read elsewhere", e);
            return Optional.empty();
        }
    }

    /** Keeps what is offered for the second time: what is asked for once, as by a scan, costs no write. */
    @Override
    public void offer(PieceKey key, Piece piece) {
        if (piece.length() == 0 || !mayLieHere.test(key.user()) || !piece.retain()) {
            return;
        }
        if (!run(() -> write(key, piece))) {
            piece.release();
        }
    }

    private void write(PieceKey key, Piece piece) {
        try {
            var digest = codec.key(key);
            if (closed || !mayLieHere.test(key.user()) || !seen.test(digest)) {
                return;
            }
            var secret = secrets.findOrMake(key.user(), System.currentTimeMillis());
            var name = secret == null ? null : secret.name(digest);
            if (secret != null && name != null && store.get(name) == null) {
                store.put(name, Objects.requireNonNull(secret.turn(name, codec.encode(digest, piece))));
                secrets.count(key.user(), piece.length(), System.currentTimeMillis());
            }
        } catch (RocksDBException e) {
            quietly.warn("a piece cannot be written to the disk cache", e);
        } finally {
            piece.release();
        }
    }

    @Override
    public void drop(PieceKey key) {
        var unused = run(() -> {
            try {
                var secret = closed ? null : secrets.find(key.user());
                if (secret != null) {
                    store.remove(secret.name(codec.key(key)));
                }
            } catch (RocksDBException e) {
                quietly.warn("a piece cannot be dropped from the disk cache", e);
            }
        });
    }

    private boolean run(Runnable work) {
        try {
            threads.execute(work);
            return true;
        } catch (RejectedExecutionException behind) {
            return false;
        }
    }

    /** Throws the user's secret away, without which nobody can find or read his pieces; their files go when they are old. */
    @Override
    public CompletableFuture<Void> forget(String user) {
        return CompletableFuture.runAsync(() -> forgetNow(user), ageing);
    }

    private synchronized void forgetNow(String user) {
        try {
            if (!closed) {
                secrets.forget(user);
            }
        } catch (RocksDBException e) {
            throw new UncheckedIOException(
                    "The disk cache cannot forget user '" + user + "': " + e.getMessage(), new IOException(e));
        }
    }

    @Override
    public CompletableFuture<Optional<Holding>> holding(String user) {
        return CompletableFuture.supplyAsync(() -> holdingNow(user), ageing);
    }

    private synchronized Optional<Holding> holdingNow(String user) {
        try {
            return closed
                    ? Optional.empty()
                    : secrets.counted(user).map(all -> new Holding(name(), all.pieces(), all.bytes()));
        } catch (RocksDBException e) {
            throw new UncheckedIOException("The disk cache cannot be read: " + e.getMessage(), new IOException(e));
        }
    }

    /** Those that wait for a thread, of at most {@link #WAITING}, with what waits to be written or forgotten. */
    @Override
    public int underWay() {
        return threads.getQueue().size();
    }

    @Override
    public synchronized long heldBytes() {
        return closed ? 0 : store.fileBytes();
    }

    /**
     * Writes what is gathered, and closes. Where the disk does not end what is under way, its files stay open: whoever is at
     * work on them would take the whole process along.
     */
    @Override
    public void close() {
        ageing.shutdownNow();
        threads.shutdown();
        boolean atWork = true;
        try {
            atWork = !threads.awaitTermination(CLOSE_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (atWork) {
                log.warn("the disk cache is still at work, and is not closed; what it had gathered last is lost");
            } else {
                store.close();
            }
        }
    }
}
