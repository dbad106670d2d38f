// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.control;

import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.ControllerEpoch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Competes for the right to place shards. Thread-safe.
 *
 * <p>Curator's latch only says who should try, since two may believe to hold it. The right itself is the controller
 * epoch: taking office raises it by one, and every write made in office checks that it still is the one taken. So of two
 * who believe to be controller, the later one's first write ends the other's.
 */
public final class ControllerSeat implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControllerSeat.class);

    private static final long RETRY_PAUSE_MS = 1_000;

    private final RecurringFailures failures = new RecurringFailures(log, System::nanoTime);
    private final ZkSession session;
    private final NodeId self;
    private final Consumer<Term> onElected;
    private volatile LeaderLatch latch;
    private final CompareAndSet<ControllerEpoch> epochs;
    private volatile boolean closed;

    private ControllerSeat(ZkSession session, NodeId self, Consumer<Term> onElected) {
        this.session = session;
        this.self = self;
        this.onElected = onElected;
        this.latch = place();
        this.epochs = new CompareAndSet<>(session.znodes(), ZnodeCodec.CONTROLLER_EPOCH, ControllerEpoch::equals);
    }

    /**
     * Begins to compete.
     *
     * @param onElected is given each term of office won; called on a thread of ZooKeeper's client, must not block
     */
    public static ControllerSeat compete(ZkSession session, NodeId self, Consumer<Term> onElected) {
        var seat = new ControllerSeat(session, self, onElected);
        seat.standInLine();
        seat.clearLeftovers();
        return seat;
    }

    private LeaderLatch place() {
        return new LeaderLatch(session.curator(), Paths.CONTROLLER_LATCH, self.value());
    }

    private void standInLine() {
        latch.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                takeOffice();
            }

            @Override
            public void notLeader() {
                log.info("{} is no longer first in line to be controller", self);
            }
        });
        try {
            latch.start();
        } catch (Exception e) { // what Curator declares
            throw new IllegalStateException("the controllers' latch did not start", e);
        }
    }

    /**
     * Takes places in the line away that a former process of this id left behind. Until its session ends they hold up
     * everybody behind them, for ever where coordinators die more often than sessions end. The line is only a hint: no
     * harm is done if another process of the same id lives.
     */
    private void clearLeftovers() {
        var unused = session.znodes()
                .children(Paths.CONTROLLER_LATCH)
                .thenCompose(places -> CompletableFuture.allOf(
                        places.stream().map(this::clearIfLeftover).toArray(CompletableFuture[]::new)))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        log.debug("places left behind in the line go with their sessions", failure);
                    }
                });
    }

    private CompletableFuture<Void> clearIfLeftover(String place) {
        String path = Paths.CONTROLLER_LATCH + "/" + place;
        return session.znodes().get(path).thenCompose(found -> {
            long ours = session.sessionId();
            boolean isLeftover = found.filter(
                            there -> Arrays.equals(there.data(), self.value().getBytes(StandardCharsets.UTF_8)))
                    .filter(there -> there.ephemeralOwner() != ours)
                    .isPresent();
            if (!isLeftover || ours == 0) { // while the session is being renewed its own place could not be told
                return CompletableFuture.completedFuture(null);
            }
            log.info("{} clears a place in the controllers' line that it left behind", self);
            return session.znodes().delete(path, -1);
        });
    }

    /** Whether this process should act as controller, as far as it knows. */
    public boolean isFirstInLine() {
        return !closed && latch.hasLeadership();
    }

    /**
     * A term that was won here is over. Who is still first in line takes office again, after a pause: nobody else will, and the
     * latch says nothing where nothing has changed for it. Nor does it where its place in line is gone, by whatever hand, and
     * another one came first: who does not stand behind that one would depose him, and be deposed by him, without end.
     */
    public void deposed() {
        CompletableFuture.delayedExecutor(RETRY_PAUSE_MS, TimeUnit.MILLISECONDS).execute(() -> {
            String place = latch.getOurPath();
            if (!isFirstInLine() || place == null || session.znodes().isClosed()) {
                return;
            }
            var unused = session.znodes()
                    .sync(place)
                    .thenCompose(synced -> session.znodes().get(place))
                    .whenComplete((found, failure) -> {
                        if (failure != null) {
                            deposed();
                        } else if (found.isPresent()) {
                            takeOffice();
                        } else {
                            standBehind();
                        }
                    });
        });
    }

    private synchronized void standBehind() {
        if (closed) {
            return;
        }
        log.warn("the place of {} in the controllers' line is gone; it stands there anew, behind all others", self);
        leave();
        latch = place();
        standInLine();
    }

    /** Takes office, and tries again until that is done or another one is first in line. */
    void takeOffice() {
        if (!isFirstInLine()) {
            return; // this is tried after a pause too, in which another one may have come first
        }
        var unused = epochs.read(Paths.CONTROLLER_EPOCH)
                .thenCompose(this::raise)
                .whenComplete((outcome, failure) -> {
                    if (failure == null && outcome instanceof CasOutcome.Won<ControllerEpoch> won) {
                        log.info(
                                "{} is controller in epoch {}",
                                self,
                                won.written().value().getEpoch());
                        onElected.accept(new Term(session, won.written()));
                    } else if (isFirstInLine() && !session.znodes().isClosed()) {
                        if (failure == null || ZkErrors.isUnanswered(failure)) {
                            log.debug("did not become controller; trying again", failure);
                        } else {
                            failures.error(self + " cannot take office; it tries again", ZkErrors.unwrap(failure));
                        }
                        CompletableFuture.delayedExecutor(RETRY_PAUSE_MS, TimeUnit.MILLISECONDS)
                                .execute(this::takeOffice);
                    }
                });
    }

    private CompletableFuture<CasOutcome<ControllerEpoch>> raise(Optional<Versioned<ControllerEpoch>> current) {
        var next = ControllerEpoch.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setHolder(self.value())
                .setEpoch(1 + current.map(there -> there.value().getEpoch()).orElse(0L))
                .build();
        return current.isPresent()
                ? epochs.set(Paths.CONTROLLER_EPOCH, current.get().version(), next)
                : epochs.create(Paths.CONTROLLER_EPOCH, next);
    }

    /** Leaves the line; another coordinator follows. */
    @Override
    public synchronized void close() {
        closed = true;
        leave();
    }

    private void leave() {
        try {
            latch.close();
        } catch (IOException e) {
            log.debug("leaving the controllers' line failed; the session's end does the same", e);
        }
    }
}
