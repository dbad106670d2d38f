// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the cluster to what its pools ask for, while this coordinator is the controller: makes the first pool of an empty
 * cluster, the directory's shards, the first shards of every pool and more before it is full, brings assignments to
 * rules that were changed, and forgets what was wanted of nodes that are no more.
 *
 * <p>It only says which nodes should hold which shard. Reads, writes and failover go on without it.
 *
 * <p>Looks at every change of the map and once a second; all of it on one thread of its own. What it does it may do twice:
 * each write fails whole where it was made before.
 */
public final class Controller implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Controller.class);

    private static final long LOOK_MS = 1_000;

    /** What was written and is not seen for so long is planned anew: where it is there all the same, that is refused whole. */
    private static final long AWAITED_AT_MOST_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Of two nodes both must have every write: one of them may be lost. */
    private static final int LARGEST_MIN_INSYNC = 2;

    private final RecurringFailures failures = new RecurringFailures(log, System::nanoTime);
    private final ShardMapWatcher watcher;
    private final PoolZnodes pools;
    private final PoolId firstPool;
    private final ControlSettings settings;
    private final PoolKeeper keeper;
    private final OrphanIntents orphans;
    private final ScheduledThreadPoolExecutor loop;
    private final ZkSession.Registration watching;
    private final ControllerSeat seat;

    // Confined to the loop:
    private @Nullable Term term;
    private @Nullable CompletableFuture<?> underWay;
    private CompletableFuture<?> asked = CompletableFuture.completedFuture(null);
    private int awaitedShard;
    private long awaitedSince;
    private int liveNodes = -1;

    private Controller(
            ZkSession session,
            ShardMapWatcher watcher,
            NodeId self,
            PoolId firstPool,
            ControlSettings settings,
            DataShards shards,
            Consumer<Term> inOffice) {
        this.watcher = watcher;
        this.pools = new PoolZnodes(session);
        this.firstPool = firstPool;
        this.settings = settings;
        this.keeper = new PoolKeeper(session, shards, settings);
        this.orphans = new OrphanIntents(session, System::nanoTime);
        this.loop = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "controller");
            thread.setDaemon(true);
            return thread;
        });
        this.watching = watcher.addListener(view -> soon());
        this.seat = ControllerSeat.compete(
                session,
                self,
                won -> onLoop(() -> {
                    term = won;
                    inOffice.accept(won);
                    orphans.inOffice();
                    awaitedShard = 0;
                    look();
                }));
        var unused = loop.scheduleWithFixedDelay(this::lookSafely, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    }

    /**
     * Begins to compete for office, and to act once in it.
     *
     * @param firstPool the pool that an empty cluster gets
     * @param shards how shards are asked how full they are
     * @param inOffice is told of each term of office won, for what else only the controller may do; must not block
     */
    public static Controller start(
            ZkSession session,
            ShardMapWatcher watcher,
            NodeId self,
            PoolId firstPool,
            ControlSettings settings,
            DataShards shards,
            Consumer<Term> inOffice) {
        return new Controller(session, watcher, self, firstPool, settings, shards, inOffice);
    }

    /** Leaves office; another coordinator of role control follows. */
    @Override
    public void close() {
        watching.close();
        seat.close();
        loop.shutdownNow();
    }

    private void soon() {
        onLoop(this::look);
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    failures.error("the controller failed; it goes on with the next look", e);
                }
            });
        } catch (RejectedExecutionException e) {
            log.trace("dropped a task after closing", e);
        }
    }

    private void lookSafely() {
        try {
            look();
            askWhetherOver();
        } catch (RuntimeException e) {
            failures.error("the controller failed; it goes on with the next look", e);
        }
    }

    /** Who has nothing to write would never hear that his term is over, and the cluster have no controller when there is. */
    private void askWhetherOver() {
        var inOffice = term;
        if (inOffice == null || !asked.isDone()) {
            return;
        }
        asked = inOffice.isOver().handle((over, failure) -> {
            if (failure == null && over) {
                onLoop(() -> ended("holding office", inOffice, Term.Outcome.DEPOSED, null));
            }
            return over;
        });
    }

    private void look() {
        if (term == null || !watcher.ready().isDone() || (underWay != null && !underWay.isDone())) {
            return;
        }
        var view = watcher.view();
        if (isAwaited(view)) {
            return;
        }
        if (view.pools().isEmpty()) {
            createFirstPool(view);
            return;
        }
        var inOffice = term;
        var plan = FirstPlacement.next(view, settings.directoryShards());
        if (plan.isPresent()) {
            assign(inOffice, plan.get(), () -> {});
            return;
        }
        var following = keeper.follow(view, inOffice);
        if (following.isPresent()) {
            underWay = await("changing assignments", inOffice, following.get());
            return;
        }
        var forgetting = orphans.collect(view, inOffice);
        if (forgetting.isPresent()) {
            underWay = await("forgetting what was wanted of nodes", inOffice, forgetting.get());
            return;
        }
        keeper.grow(view).ifPresent(more -> assign(inOffice, more, () -> keeper.grew(more)));
    }

    private CompletableFuture<?> await(String what, Term inOffice, CompletableFuture<Term.Outcome> change) {
        return change.whenComplete((outcome, failure) -> onLoop(() -> ended(what, inOffice, outcome, failure)));
    }

    /** Whether what was written last has not come round yet. Not for ever: an assignment may vanish before it is seen. */
    private boolean isAwaited(ClusterView view) {
        if (awaitedShard != 0
                && !view.assignments().containsKey(new ShardId(awaitedShard))
                && System.nanoTime() - awaitedSince < AWAITED_AT_MOST_NANOS) {
            return true;
        }
        awaitedShard = 0;
        return false;
    }

    private void createFirstPool(ClusterView view) {
        int live = (int) view.map()
                .nodes()
                .filter(NodeInfo::live)
                .filter(node -> node.region().equals(firstPool.region()))
                .count();
        int factor = settings.replicationFactor();
        if (live < factor) {
            if (live != liveNodes) {
                liveNodes = live;
                log.warn(
                        "pool {} is made once {} storage nodes of its region are live; {} are. Where there will be fewer, set"
                                + " control.replicationFactor",
                        firstPool,
                        factor,
                        live);
            }
            return;
        }
        var rules = new PoolRules(
                firstPool,
                factor,
                Math.min(factor, LARGEST_MIN_INSYNC),
                settings.usersPerShard(),
                settings.initialShards());
        log.info("making the first pool, {}, with {} replicas a shard", firstPool, factor);
        underWay = pools.create(rules).whenComplete((made, failure) -> {
            if (failure == null) {
                soon();
            } else {
                failures.error("making pool " + firstPool + " failed; each look tries again", failure);
            }
        });
    }

    private void assign(Term inOffice, FirstPlacement.Plan plan, Runnable made) {
        int last = plan.shards().get(plan.shards().size() - 1).getShard();
        log.info(
                "assigning {} new shards of pool {}, up to {}",
                plan.shards().size(),
                plan.shards().get(0).getPool(),
                last);
        underWay = inOffice.assign(plan.shards(), plan.layout())
                .whenComplete((outcome, failure) -> onLoop(() -> {
                    if (outcome == Term.Outcome.DONE) {
                        awaitedShard = last;
                        awaitedSince = System.nanoTime();
                        made.run();
                    }
                    ended("assigning shards", inOffice, outcome, failure);
                }));
    }

    private void ended(String what, Term inOffice, Term.@Nullable Outcome outcome, @Nullable Throwable failure) {
        if (failure != null || outcome == null) {
            failures.error(what + " failed", failure == null ? new IllegalStateException("no outcome") : failure);
            return;
        }
        switch (outcome) {
            case DONE -> log.debug("{}: done", what);
            case DEPOSED -> {
                if (inOffice.equals(term)) {
                    log.warn("another coordinator is controller now");
                    term = null;
                    seat.deposed();
                }
            }
            case OUTDATED, UNKNOWN -> log.info("{}: {}; looking again", what, outcome);
        }
    }
}
