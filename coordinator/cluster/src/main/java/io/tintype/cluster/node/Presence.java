// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.Znodes;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ephemeral znode that is there as long as this process is in touch with ZooKeeper.
 *
 * <p>A znode of the same path that another session owns is taken for what this process left behind when it last died, and
 * replaced: at the first time only. Once this process has held the path, another owner means that another process has taken
 * its place; then it gives up and says so.
 *
 * <p>What must be so while the znode is there is seen to each time it was made, before anybody hears that it is, and before
 * another session's is replaced: that one's process may be alive, and the path its own by right.
 *
 * <p>A znode that vanishes while the session goes on, as by an operator's slip, is made anew after a pause.
 *
 * <p>Thread-safe; its steps follow each other, never two at a time, on ZooKeeper's event thread or a timer.
 */
final class Presence implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    private static final long RETRY_PAUSE_MS = 250;

    private final ZkSession session;
    private final Znodes znodes;
    private final String path;
    private final byte[] data;
    private final long bootId;
    private final ToLongFunction<byte[]> bootIdOf;
    private final Supplier<CompletableFuture<Void>> confirm;
    private final CompletableFuture<Void> first = new CompletableFuture<>();
    private final CompletableFuture<String> displaced = new CompletableFuture<>();
    private final ZkSession.Registration listening;
    private final PersistentWatcher watcher;

    // Guarded by this:
    private boolean working;
    private boolean again;
    private volatile boolean begun;
    private volatile boolean closed;

    /**
     * @param data what the znode is to hold
     * @param bootId this process's, which {@code data} carries
     * @param bootIdOf reads the boot id out of whatever the znode holds
     * @param confirm sees to what must be so while the znode is there; where ZooKeeper refuses that it is tried again, and where
     *     it fails otherwise this process gives up
     */
    Presence(
            ZkSession session,
            String path,
            byte[] data,
            long bootId,
            ToLongFunction<byte[]> bootIdOf,
            Supplier<CompletableFuture<Void>> confirm) {
        this(session, session.znodes(), path, data, bootId, bootIdOf, confirm);
    }

    /** The same over other operations than the session's own. */
    Presence(
            ZkSession session,
            Znodes znodes,
            String path,
            byte[] data,
            long bootId,
            ToLongFunction<byte[]> bootIdOf,
            Supplier<CompletableFuture<Void>> confirm) {
        this.session = session;
        this.znodes = znodes;
        this.path = path;
        this.data = data;
        this.bootId = bootId;
        this.bootIdOf = bootIdOf;
        this.confirm = confirm;
        this.listening = session.addListener(state -> {
            if (state == ZkSession.State.CONNECTED) {
                ensureOnceBegun();
            }
        });
        this.watcher = session.watcher(path, false);
        watcher.getResetListenable().addListener(this::ensureOnceBegun); // what went before the watch was there
        watcher.getListenable().addListener(event -> {
            if (event.getType() == EventType.NodeDeleted) {
                afterPause(this::ensureOnceBegun);
            }
        });
        watcher.start();
    }

    /** Completes when the znode is there for the first time; fails where that can never be. */
    CompletableFuture<Void> first() {
        return first;
    }

    /** Completes, with a text for people, when another process has taken this one's place. */
    CompletableFuture<String> displaced() {
        return displaced;
    }

    /**
     * Makes sure that the znode is there and this session's; from then on also whenever the connection comes back or the znode
     * vanishes. Before the first call nothing is done: the path may be somebody else's.
     */
    void ensure() {
        begun = true;
        synchronized (this) {
            if (working) {
                again = true;
                return;
            }
            working = true;
        }
        create();
    }

    private void ensureOnceBegun() {
        if (begun && !closed) {
            ensure();
        }
    }

    private void create() {
        if (closed || displaced.isDone()) {
            return;
        }
        var unused = znodes.createEphemeral(path, data).whenComplete((done, failure) -> {
            if (failure == null) {
                settled();
            } else if (ZkErrors.is(failure, Code.NODEEXISTS)) {
                look();
            } else {
                failed(failure);
            }
        });
    }

    private void look() {
        var unused = znodes.sync(path).thenCompose(synced -> znodes.get(path)).whenComplete((found, failure) -> {
            if (failure != null) {
                failed(failure);
            } else if (found.isEmpty()) {
                create();
            } else {
                judge(found.get());
            }
        });
    }

    private void judge(Znode there) {
        boolean ours = bootIdOf.applyAsLong(there.data()) == bootId;
        if (ours && there.ephemeralOwner() == session.sessionId()) {
            settled();
        } else if (ours) {
            replace(there.version());
        } else if (!first.isDone()) {
            confirmed(() -> replace(there.version()));
        } else {
            displaced.complete("Another process has registered as " + path
                    + " while this one was out of touch. Two processes must not share an id: this one stops.");
            finish();
        }
    }

    private void replace(int version) {
        if (closed) {
            return;
        }
        log.info("replacing {}, which a former session left behind", path);
        var unused = znodes.replaceByEphemeral(path, version, data).whenComplete((done, failure) -> {
            if (failure == null) {
                settled();
            } else if (ZkErrors.is(failure, Code.NONODE) || ZkErrors.is(failure, Code.BADVERSION)) {
                create();
            } else {
                failed(failure);
            }
        });
    }

    private void settled() {
        if (closed) {
            remove(); // it was made after close looked for it
            return;
        }
        confirmed(() -> {
            first.complete(null);
            if (finish()) {
                ensure();
            }
        });
    }

    private void confirmed(Runnable then) {
        var unused = confirm.get().whenComplete((done, failure) -> {
            if (failure == null) {
                then.run();
            } else if (znodes.isClosed()
                    || ZkErrors.isUnanswered(failure)
                    || ZkErrors.unwrap(failure) instanceof KeeperException) {
                failed(failure); // of which nothing follows for this process
            } else {
                giveUp(ZkErrors.unwrap(failure));
            }
        });
    }

    private void giveUp(Throwable why) {
        log.error("giving {} up", path, why);
        close();
        if (!first.completeExceptionally(why)) {
            displaced.complete(String.valueOf(why.getMessage()));
        }
        finish();
    }

    /** Ends this round; true where another was asked for meanwhile. */
    private synchronized boolean finish() {
        working = false;
        boolean more = again;
        again = false;
        return more;
    }

    private void failed(Throwable failure) {
        if (closed || znodes.isClosed()) {
            first.completeExceptionally(ZkErrors.unwrap(failure));
            return;
        }
        if (!ZkErrors.isUnanswered(failure)) {
            log.error("registering {} failed; trying again", path, failure);
        }
        afterPause(this::create);
    }

    private static void afterPause(Runnable task) {
        CompletableFuture.delayedExecutor(RETRY_PAUSE_MS, TimeUnit.MILLISECONDS).execute(task);
    }

    /** Takes the znode away, if this session has it, without waiting; ZooKeeper would do so after the session's end. */
    @Override
    public void close() {
        closed = true;
        listening.close();
        watcher.close();
        remove();
    }

    private void remove() {
        long me = session.sessionId();
        var unused = znodes.get(path)
                .thenCompose(found -> found.filter(znode -> znode.ephemeralOwner() == me)
                        .map(znode -> znodes.delete(path, znode.version()))
                        .orElseGet(() -> CompletableFuture.completedFuture(null)));
    }
}
