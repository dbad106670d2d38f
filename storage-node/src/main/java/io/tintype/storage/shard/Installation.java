// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.AcceptSnapshot;
import io.tintype.storage.replica.ReplicaAction.DeclineSnapshot;
import io.tintype.storage.replica.ReplicaAction.InstallSnapshot;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces this replica by a snapshot of its primary's, one at a time: fetches it, has the core accept it, marks the disk
 * and drops everything, writes part after part, and ends it all with one synced write. Until that write is durable the
 * disk says that the replica is not whole, whatever becomes of the process.
 *
 * <p>Confined to the shard's loop, but for what says otherwise.
 */
final class Installation implements InstallSession.Owner {
    private static final Logger log = LoggerFactory.getLogger(Installation.class);
    private static final long RETRY_MS = 1_000;
    private static final int MOST_DOUBLINGS = 5;
    private static final long BUSY_RETRY_MS = 20;

    /** What is replaced. */
    record Target(Member self, ShardStore store, DiskActions disk, Applier applier, Board board) {}

    private final ShardContext context;
    private final Target target;
    private final ShardId shard;
    private final Inbox<Input> inbox;
    private @Nullable InstallSession current;
    private int failures;
    /** The part being written, of whichever session. */
    private volatile CompletableFuture<Void> writing = CompletableFuture.completedFuture(null);

    Installation(ShardContext context, Target target, Inbox<Input> inbox) {
        this.context = context;
        this.target = target;
        this.shard = target.store().id();
        this.inbox = inbox;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof InstallSnapshot install) {
            begin(install);
        } else if (action instanceof AcceptSnapshot accept) {
            var session = current;
            if (session != null && session.stream() == accept.stream()) {
                session.accept();
            }
        } else if (action instanceof DeclineSnapshot decline) {
            var session = current;
            if (session != null && session.stream() == decline.stream()) {
                log.info("shard {}: the snapshot of {} is not ahead of what is here, or came too late", shard, session);
                session.end();
            }
        } else {
            return false;
        }
        return true;
    }

    /** Gives up what is under way; complete when nothing writes any more. */
    CompletableFuture<Void> close() {
        if (current != null) {
            current.end();
        }
        return writing;
    }

    private void begin(InstallSnapshot install) {
        if (current != null) {
            current.end();
        }
        if (!context.snapshots().beginInstalling()) {
            context.threads().later(RETRY_MS, () -> post(new ReplicaEvent.SnapshotFailed(install.stream())));
            return;
        }
        context.metrics().snapshotNeeded();
        log.info("shard {}: too far behind the log of node {}; asking for a snapshot", shard, install.primary());
        var session = new InstallSession(this, context, target, install.stream());
        current = session;
        session.fetch(install);
    }

    @Override
    public void post(ReplicaEvent event) {
        inbox.post(new Input.Event(event));
    }

    @Override
    public void onLoop(Runnable task) {
        inbox.post(new Input.Task(task));
    }

    @Override
    public void onIo(Runnable task) {
        try {
            context.threads().io().execute(task);
        } catch (RejectedExecutionException e) {
            context.threads().later(BUSY_RETRY_MS, () -> onIo(task));
        }
    }

    @Override
    public void writes(CompletableFuture<Void> part) {
        writing = part;
    }

    @Override
    public CompletableFuture<Void> written() {
        return writing;
    }

    @Override
    public void installed(InstallSession session) {
        failures = 0;
        post(new ReplicaEvent.SnapshotInstalled(
                session.stream(), Shapes.of(target.store().log())));
    }

    @Override
    public void failed(InstallSession session, Throwable cause) {
        if (cause instanceof TintypeException refusal && refusal.reason() == Reason.OVERLOADED) {
            // The source sends to others first. It may have room at any time, and to ask costs it nothing.
            log.debug("shard {}: no snapshot yet: {}", shard, cause.getMessage());
            context.threads().later(RETRY_MS, () -> post(new ReplicaEvent.SnapshotFailed(session.stream())));
            return;
        }
        context.metrics().snapshotFailed();
        long pauseMs = RETRY_MS << Math.min(failures++, MOST_DOUBLINGS);
        log.warn(
                "shard {}: no snapshot could be installed, asking again in {} ms: {}",
                shard,
                pauseMs,
                String.valueOf(cause));
        context.threads().later(pauseMs, () -> post(new ReplicaEvent.SnapshotFailed(session.stream())));
    }

    @Override
    public void ended(InstallSession session) {
        if (current == session) {
            current = null;
        }
    }
}
