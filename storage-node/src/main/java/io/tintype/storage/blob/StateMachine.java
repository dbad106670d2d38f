// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.EpochOpening;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Makes committed records take effect on one shard. Replicas that applied the same records hold the same heads, users,
 * outcomes and entries, and gave the same outcomes.
 *
 * <p>{@link #apply} is called by one thread at a time and blocks on the disk; the rest is for any thread. One call is one
 * batch, together with the mark of how far it came, and is not synced: after a crash the records behind the mark are
 * applied again, from the log.
 */
public final class StateMachine {
    /**
     * The applied mark, and what is counted with it.
     *
     * @param forgotAt the last record that removed all that was known of a user
     */
    record State(LogPosition at, long logTimeMs, ShardStats stats, long losses, LogPosition forgotAt) {
        static final State NONE = new State(LogPosition.START, 0, ShardStats.NONE, 0, LogPosition.START);
    }

    private static final int STATE_BYTES = 9 * Long.BYTES;

    /** Of a shard that never forgot anybody, as it was written before that was possible. */
    private static final int STATE_BYTES_WITHOUT_FORGOTTEN = 7 * Long.BYTES;

    /** Of a shard that was never led by force, as it was written before that was counted. */
    private static final int STATE_BYTES_WITHOUT_LOSSES = 6 * Long.BYTES;

    private final Disk disk;
    private final ShardId shard;
    private final Keys keys;
    private final Set<MoveRule> rules;
    private final UserRules users;
    private final ArrivalRules arrivals;
    private final DepartureRules departures;
    private final ErasureRules erasures;
    private final ArrivingOutcomes arriving = new ArrivingOutcomes();
    private final Set<UserId> moving = ConcurrentHashMap.newKeySet();

    /**
     * Those of them who cannot write, and when they were frozen here, by the monotonic clock; empty: before this process looked,
     * or before a snapshot was made.
     */
    private final Map<UserId, OptionalLong> frozen = new ConcurrentHashMap<>();

    private final LongSupplier nanoTime;

    private volatile State state;

    StateMachine(Disk disk, ShardId shard, Keys keys, Set<MoveRule> rules, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.rules = rules;
        this.users = new UserRules(rules);
        this.arrivals = new ArrivalRules(rules, arriving);
        this.departures = new DepartureRules(rules);
        this.erasures = new ErasureRules(rules);
        this.disk = disk;
        this.shard = shard;
        this.keys = keys;
        this.state = load(disk, shard, keys);
        findMoving();
    }

    /** The last record that took effect. */
    public LogPosition applied() {
        return state.at();
    }

    /** Its log time; 0 if there was none. */
    public long logTimeMs() {
        return state.logTimeMs();
    }

    /** Forgets everything, for a snapshot that is to come: nothing is applied until {@link #reload}. */
    void reset() {
        state = State.NONE;
        moving.clear();
        frozen.clear();
        arriving.clear();
    }

    /** Users, or entries, that are in a move. Never blocks. */
    Set<UserId> moving() {
        return Collections.unmodifiableSet(moving);
    }

    /** Those of them who are frozen. Never blocks. */
    Set<UserId> frozen() {
        return Collections.unmodifiableSet(frozen.keySet());
    }

    /** How long ago a user was frozen here, as this process saw it; empty: it did not see it, or he is not. Never blocks. */
    OptionalLong frozenForMs(UserId user) {
        var since = frozen.getOrDefault(user, OptionalLong.empty());
        return since.isEmpty()
                ? since
                : OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - since.getAsLong()));
    }

    private void findMoving() {
        moving.clear();
        frozen.clear();
        try (var scan = disk.scan(Family.GARBAGE, keys.garbage(Keys.MOVING), keys.behindGarbage(Keys.MOVING))) {
            for (; scan.valid(); scan.next()) {
                var user = keys.movingUser(scan.key());
                moving.add(user);
                byte[] stored = disk.get(Family.USER, keys.user(user));
                if (stored != null && isFrozen(Stored.parse(StoredUser.parser(), stored, "user " + user))) {
                    frozen.put(user, OptionalLong.empty());
                }
            }
        }
    }

    /** Takes the state over that a snapshot brought. Blocks. */
    void reload() {
        arriving.clear();
        findMoving();
        state = load(disk, shard, keys);
    }

    /** What the shard holds. */
    public ShardStats stats() {
        return state.stats();
    }

    /**
     * Applies records that follow the last applied one without a gap, all of them committed. Readers see them when it
     * returns.
     *
     * @return what came of each, in order
     * @throws TintypeException CORRUPT_DATA or UNAVAILABLE if the disk fails, with nothing applied: the replica is then
     *     failed
     */
    public List<Applied> apply(List<LogRecord> records) {
        boolean done = false;
        try {
            var applied = applyAll(records);
            done = true;
            return applied;
        } finally {
            if (!done) {
                arriving.clear(); // it may have counted what did not come to the disk
            }
        }
    }

    private List<Applied> applyAll(List<LogRecord> records) {
        var before = state;
        var now = before;
        var tx = new Transaction(disk, keys, before);
        var applied = new ArrayList<Applied>(records.size());
        for (var record : records) {
            if (record.seq() != now.at().seq() + 1 || record.logTimeMs() < now.logTimeMs()) {
                throw new IllegalArgumentException("shard " + shard + ": record " + record.position() + " at "
                        + record.logTimeMs() + " cannot be applied after " + now.at() + " at " + now.logTimeMs());
            }
            Retries.forget(tx, now.logTimeMs(), record.logTimeMs());
            applied.add(new Applied(record.position(), record.type(), decide(tx, record)));
            now = new State(record.position(), record.logTimeMs(), tx.stats(), tx.losses(), tx.forgotAt());
        }
        if (!applied.isEmpty()) {
            tx.putMeta(keys.applied(), encode(now));
            disk.committer().writeNow(tx.write());
            state = now;
            tx.movers()
                    .forEach((user, moves) -> keep(
                            user,
                            moves,
                            tx.user(user).filter(StateMachine::isFrozen).isPresent()));
        }
        return applied;
    }

    private void keep(UserId user, boolean moves, boolean isFrozen) {
        if (moves) {
            moving.add(user);
        } else {
            moving.remove(user);
        }
        if (moves && isFrozen) {
            frozen.putIfAbsent(user, OptionalLong.of(nanoTime.getAsLong()));
        } else {
            frozen.remove(user);
        }
    }

    private static boolean isFrozen(StoredUser user) {
        return user.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN;
    }

    private Outcome decide(Transaction tx, LogRecord record) {
        return switch (record.type()) {
            case EPOCH_START -> {
                tx.lost(Stored.payload(EpochOpening.parser(), record).getLosses());
                yield new Outcome.Done();
            }
            case PUT_COMMIT -> BlobRules.putCommit(tx, record, user(record));
            case DELETE -> BlobRules.delete(tx, record, user(record));
            case ABORT_UPLOAD -> BlobRules.abortUpload(tx, record, user(record));
            case USER_CLAIM -> users.claim(tx, record, user(record));
            case USER_QUOTA -> UserRules.quota(tx, record, user(record));
            case USER_IMPORT -> arrivals.begin(tx, record, user(record));
            case USER_COPY -> arrivals.copy(tx, record, user(record));
            case USER_INSTALL -> arrivals.install(tx, record, user(record));
            case USER_ACTIVATE -> arrivals.activate(tx, record, user(record));
            case USER_DROP -> arrivals.drop(tx, record, user(record));
            case USER_FREEZE -> departures.freeze(tx, record, user(record));
            case USER_UNFREEZE -> departures.unfreeze(tx, record, user(record));
            case USER_RELEASE -> departures.release(tx, record, user(record));
            case USER_PURGE -> departures.purge(tx, record, user(record));
            case USER_ERASE -> {
                arriving.forget(user(record));
                yield erasures.erase(tx, record, user(record));
            }
            case USER_HALT -> UserRules.halt(tx, record, user(record));
            case DIR_CREATE -> DirectoryRules.create(tx, record, user(record));
            case DIR_REHOME -> DirectoryRules.rehome(tx, record, user(record));
            case DIR_BEGIN -> DirectoryRules.begin(tx, record, user(record));
            case DIR_COMMIT -> DirectoryRules.commit(tx, record, user(record));
            case DIR_ABORT -> DirectoryRules.abort(tx, record, user(record), rules);
            case DIR_ERASE -> DirectoryErasure.begin(tx, record, user(record));
            case DIR_ERASED -> DirectoryErasure.end(tx, record, user(record));
        };
    }

    private UserId user(LogRecord record) {
        var user = record.user();
        if (user == null) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "shard " + shard + ": record " + record.position() + " of type " + record.type() + " has no user");
        }
        return user;
    }

    private static byte[] encode(State state) {
        return ByteBuffer.allocate(STATE_BYTES)
                .putLong(state.at().epoch())
                .putLong(state.at().seq())
                .putLong(state.logTimeMs())
                .putLong(state.stats().users())
                .putLong(state.stats().blobs())
                .putLong(state.stats().bytes())
                .putLong(state.losses())
                .putLong(state.forgotAt().epoch())
                .putLong(state.forgotAt().seq())
                .array();
    }

    private static State load(Disk disk, ShardId shard, Keys keys) {
        var value = disk.get(Family.META, keys.applied());
        return value == null ? State.NONE : decode(shard, value);
    }

    /** Reads the applied mark as it is stored. */
    static State decode(ShardId shard, byte[] value) {
        if (value.length != STATE_BYTES
                && value.length != STATE_BYTES_WITHOUT_FORGOTTEN
                && value.length != STATE_BYTES_WITHOUT_LOSSES) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA, "shard " + shard + ": the applied mark has " + value.length + " bytes");
        }
        var in = ByteBuffer.wrap(value);
        return new State(
                new LogPosition(in.getLong(), in.getLong()),
                in.getLong(),
                new ShardStats(in.getLong(), in.getLong(), in.getLong()),
                in.hasRemaining() ? in.getLong() : 0,
                in.hasRemaining() ? new LogPosition(in.getLong(), in.getLong()) : LogPosition.START);
    }
}
