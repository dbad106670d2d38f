// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.ShardUsers.Leaver;
import io.tintype.storage.future.Futures;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.Shards;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again after the users who are in a move on the shards that this node leads, so that none waits for somebody
 * who died: frozen users and copies often, entries of the directory less often. And purges what users left behind.
 *
 * <p>One thread, which waits for nothing but short reads of the disk.
 */
final class MoveWatch implements AutoCloseable {
    /** How often those who are frozen, come, or are ready are looked after. */
    static final Duration POLL = Duration.ofMillis(100);

    /** How often anybody looks while there are none. A move that begins here is looked after at once. */
    private static final Duration IDLE_POLL = Duration.ofMillis(500);

    /** How often the directory reminds targets. */
    private static final Duration REMIND = Duration.ofSeconds(1);

    /** Users of one shard looked after in one round, at most; and as many of the frozen ones. */
    private static final int USERS_A_ROUND = 256;

    /** Blobs of one user that one record removes. */
    private static final int PURGED_AT_ONCE = 500;

    private static final Duration LONGEST_PURGE_ROUND = Duration.ofSeconds(30);
    private static final Duration SHORTEST_PURGE_ROUND = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(MoveWatch.class);

    private record Key(ShardId shard, UserId user) {}

    private final Shards shards;
    private final UserMover mover;
    private final FrozenTimes frozen;
    private final MoveSettings settings;
    private final InstantSource clock;
    private final ForeignCopies foreign;
    private final Set<Key> underWay = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer;

    // Confined to the timer:
    private final Turns<UserId> frozenTurns = new Turns<>();
    private final Turns<UserId> movingTurns = new Turns<>();
    private final Turns<Leaver> purgeTurns = new Turns<>();

    private MoveWatch(
            Shards shards,
            UserMover mover,
            FrozenTimes frozen,
            MoveSettings settings,
            InstantSource clock,
            ForeignCopies foreign) {
        this.shards = shards;
        this.mover = mover;
        this.frozen = frozen;
        this.settings = settings;
        this.clock = clock;
        this.foreign = foreign;
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            var thread = new Thread(task, "tintype-move-watch");
            thread.setDaemon(true);
            return thread;
        });
    }

    static MoveWatch start(
            Shards shards,
            UserMover mover,
            FrozenTimes frozen,
            MoveSettings settings,
            InstantSource clock,
            ForeignCopies foreign) {
        var watch = new MoveWatch(shards, mover, frozen, settings, clock, foreign);
        watch.pollIn(POLL);
        watch.every(REMIND, watch::remindAll);
        var quarter = settings.keepFor().dividedBy(4);
        var purge = quarter.compareTo(LONGEST_PURGE_ROUND) > 0
                ? LONGEST_PURGE_ROUND
                : quarter.compareTo(SHORTEST_PURGE_ROUND) < 0 ? SHORTEST_PURGE_ROUND : quarter;
        watch.every(purge, watch::purgeAll);
        return watch;
    }

    private void every(Duration period, Runnable round) {
        var unused = timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        round.run();
                    } catch (RuntimeException e) {
                        tellFailed(e);
                    }
                },
                period.toMillis(),
                period.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void pollIn(Duration delay) {
        try {
            var unused = timer.schedule(this::pollOnAndOn, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("moves are looked after no more: this node is stopping");
        }
    }

    private void pollOnAndOn() {
        var next = POLL;
        try {
            next = poll() ? POLL : IDLE_POLL;
        } catch (RuntimeException e) {
            tellFailed(e);
        }
        pollIn(next);
    }

    private static void tellFailed(RuntimeException e) {
        log.warn("looking after moves failed; it is tried again", e);
    }

    private List<ShardReplica> led(boolean directory) {
        return shards.all().stream()
                .filter(shard -> {
                    var status = shard.status();
                    return status.leads() && status.serving() && status.directory() == directory;
                })
                .toList();
    }

    /** Does something about each of some users; one for whom it fails has his next turn in the next round. */
    static void each(Collection<UserId> users, Consumer<UserId> step) {
        users.forEach(user -> {
            try {
                step.accept(user);
            } catch (RuntimeException e) {
                log.debug("user '{}' is looked after again", user, e);
            }
        });
    }

    /** Whether there is anybody to look after. */
    private boolean poll() {
        boolean anybody = false;
        for (var shard : led(false)) {
            if (!shard.reader().users().moving().isEmpty()) {
                anybody = true;
                settleAll(shard);
            }
        }
        return anybody;
    }

    /** Frozen users first: they cannot write meanwhile. */
    private void settleAll(ShardReplica shard) {
        var users = shard.reader().users();
        each(frozenTurns.next(shard.id(), USERS_A_ROUND, Turns.lineOf(users.frozen())), user -> settle(shard, user));
        each(movingTurns.next(shard.id(), USERS_A_ROUND, Turns.lineOf(users.moving())), user -> settle(shard, user));
    }

    private void settle(ShardReplica shard, UserId user) {
        var key = new Key(shard.id(), user);
        if (underWay.add(key)) {
            var unused = Futures.begin(() -> mover.settle(shard, user)).whenComplete((done, failure) -> {
                underWay.remove(key);
                if (failure != null) {
                    log.debug("user '{}' of shard {} is looked after again", user, shard.id(), failure);
                }
            });
        }
    }

    private void remindAll() {
        for (var directory : led(true)) {
            var users = directory.reader().users();
            each(
                    movingTurns.next(directory.id(), USERS_A_ROUND, Turns.lineOf(users.moving())),
                    user -> users.entry(user).ifPresent(entry -> remind(user, entry)));
        }
    }

    private void remind(UserId user, DirectoryEntry entry) {
        boolean erasing = entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED;
        if (erasing && entry.getHome() != 0) {
            mover.tell(new ShardId(entry.getHome()), user);
        }
        if ((erasing && entry.getTo() != 0) || entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING) {
            mover.tell(new ShardId(entry.getTo()), user);
        }
    }

    private void purgeAll() {
        var here = shards.all().stream().map(ShardReplica::id).collect(Collectors.toSet());
        frozenTurns.keepOnly(here);
        movingTurns.keepOnly(here);
        purgeTurns.keepOnly(here);
        frozen.keepOnly((id, user) -> shards.find(id)
                .filter(shard -> shard.reader().users().frozen().contains(user))
                .isPresent());
        led(false).forEach(this::purge);
    }

    /** Those who were refused go only once they have another home, which may be never. */
    private void purge(ShardReplica shard) {
        var users = shard.reader().users();
        long now = clock.millis();
        long before = now - settings.keepFor().toMillis();
        var page = purgeTurns.next(shard.id(), USERS_A_ROUND, (after, limit) -> users.gone(after, before, limit));
        each(
                page.stream().map(Leaver::user).toList(),
                user -> users.user(user).ifPresent(gone -> purge(shard, user, gone)));
        foreign.of(shard, now - MoveSettings.SHORTEST_KEPT.toMillis())
                .forEach(found -> purge(shard, found.user(), found.gone()));
    }

    private void purge(ShardReplica shard, UserId user, StoredUser gone) {
        var unused = mover.purge(shard, user, gone, PURGED_AT_ONCE).exceptionally(failure -> null);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
