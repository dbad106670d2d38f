// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Write;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens replicas, rebuilds those that failed, and drops those that are no longer wanted: one after the other on one thread
 * of its own, which may block on the disk. Whether it should be done is for the caller to know.
 *
 * <p>{@link #submit} and {@link #broken} are for any thread, the rest for what is submitted.
 */
final class ShardOpener implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ShardOpener.class);
    private static final int QUIET_SECONDS = 30;
    private static final long BUSY_RETRY_MS = 500;

    /** A replica that could not be opened, and why. Immutable. */
    record Broken(ShardIdentity identity, String cause) {}

    private final ShardContext context;
    private final ShardRegistry registry;
    private final Consumer<ShardRuntime> opened;
    private final Consumer<ShardRuntime> ended;
    private final Map<ShardId, Broken> broken = new ConcurrentHashMap<>();
    private final Set<ShardId> postponed = ConcurrentHashMap.newKeySet();
    private final SecureRandom random = new SecureRandom();
    private final ThreadPoolExecutor thread =
            new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                var named = new Thread(task, "tintype-shard-opener");
                named.setDaemon(true);
                return named;
            });
    private volatile boolean closed;

    /**
     * @param opened is told of every replica that came up, before anybody else can reach it
     * @param ended is told of every replica that came to rest to be rebuilt or dropped, when nobody else can reach it any more
     */
    ShardOpener(
            ShardContext context, ShardRegistry registry, Consumer<ShardRuntime> opened, Consumer<ShardRuntime> ended) {
        this.context = context;
        this.registry = registry;
        this.opened = opened;
        this.ended = ended;
    }

    /** Runs something on the thread; dropped once this is closed. */
    void submit(Runnable task) {
        try {
            thread.execute(() -> {
                try {
                    if (!closed) {
                        task.run();
                    }
                } catch (RuntimeException e) {
                    log.error("a replica cannot be opened, rebuilt or dropped", e);
                }
            });
        } catch (RejectedExecutionException e) {
            // the node is stopping
        }
    }

    /** What waits for others to be opened, rebuilt or dropped: a few tasks a replica at most. Any thread. */
    int waiting() {
        return thread.getQueue().size();
    }

    /** Replicas that are on the disk and cannot be opened. */
    Map<ShardId, Broken> broken() {
        return broken;
    }

    /** The replica of a shard, opened if it does not run; null: it cannot be, or only later, which happens by itself. */
    @Nullable
    ShardRuntime open(ShardIdentity identity) {
        var known = registry.runtime(identity.id());
        if (known.isPresent()) {
            return known.get();
        }
        ShardRuntime shard;
        try {
            var store = ShardStore.open(context.disk(), identity.id(), 0);
            if (store.log().incarnation() == 0) {
                incarnate(store);
            }
            shard = new ShardRuntime(context, identity, store, RandomGenerator.of("SplittableRandom"));
        } catch (RuntimeException e) {
            if (isBusy(e)) {
                openLater(identity);
            } else {
                breaks(identity, e);
            }
            return null;
        }
        broken.remove(identity.id());
        opened.accept(shard);
        registry.add(shard);
        return shard;
    }

    /** A disk that has enough to do for a moment says nothing about a replica. */
    private static boolean isBusy(RuntimeException problem) {
        return problem instanceof TintypeException e && e.reason() == Reason.OVERLOADED;
    }

    private void openLater(ShardIdentity identity) {
        if (postponed.add(identity.id())) {
            log.info("shard {}: the disk is too busy for opening its replica; trying again", identity.id());
            context.threads()
                    .later(
                            BUSY_RETRY_MS,
                            () -> submit(() -> {
                                postponed.remove(identity.id());
                                var unused = open(identity);
                            }));
        }
    }

    private void breaks(ShardIdentity identity, RuntimeException problem) {
        if (broken.put(identity.id(), new Broken(identity, String.valueOf(problem.getMessage()))) == null) {
            context.metrics().replicaFailed();
            log.error("shard {}: its replica on this node cannot be opened and does not run", identity.id(), problem);
        }
    }

    /** A replica is named before anybody hears of it, so that a wiped one is never taken for what it was. */
    private void incarnate(ShardStore store) {
        long incarnation = random.nextLong();
        var write = new Write();
        store.log().incarnate(write, incarnation == 0 ? 1 : incarnation);
        context.disk().committer().commitEssential(write).join();
    }

    /**
     * Throws away what a replica that failed holds, and opens it as another incarnation, which its primary fills. One that is
     * ended and cannot be thrown away is {@link #broken}: to be rebuilt as well.
     */
    void rebuild(ShardIdentity identity) {
        if (end(identity.id())) {
            try {
                wipe(identity.id());
            } catch (RuntimeException e) {
                breaks(identity, e);
                return;
            }
            context.metrics().replicaRebuilt();
            log.warn("shard {}: the replica here failed; it is rebuilt from its peers", identity.id());
            open(identity);
        }
    }

    /**
     * Throws away what a replica holds that nobody wants here any more.
     *
     * @throws RuntimeException if it is ended, and what it holds cannot be thrown away now
     */
    void drop(ShardId id) {
        if (end(id)) {
            wipe(id);
            context.snapshots().leaves(id);
            context.metrics().replicaDropped();
            log.info("shard {}: this node is no replica of it any more; what it held is dropped", id);
        }
    }

    /** Stops a replica; false where it does not come to rest, and must be left alone. */
    private boolean end(ShardId id) {
        var running = registry.runtime(id).orElse(null);
        if (running == null) {
            return true;
        }
        try {
            running.retire().get(QUIET_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            log.error("shard {}: the replica here does not come to rest; it is left as it is", id, e);
            return false;
        }
        registry.remove(running);
        ended.accept(running);
        return true;
    }

    /** One synced write: a crash leaves all or nothing. The room is given back at leisure. */
    private void wipe(ShardId id) {
        var write = new Write();
        ShardStore.wipe(write, id);
        context.disk().committer().commitEssential(write).join();
        broken.remove(id);
        compact(id);
    }

    private void compact(ShardId id) {
        try {
            context.threads().io().execute(() -> {
                try {
                    ShardStore.compact(context.disk(), id);
                } catch (TintypeException e) {
                    log.warn("shard {}: the room of what was dropped is not given back yet", id, e);
                }
            });
        } catch (RejectedExecutionException e) {
            log.debug("shard {}: compaction will give the room back", id);
        }
    }

    /** Takes nothing more; what runs may end. */
    @Override
    public void close() {
        closed = true;
        thread.shutdown();
    }
}
