// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.heads.LeaseClock;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Remembers what its owner has written, so that reads with {@link Consistency#session} see it, whichever replica
 * answers: the newest token of every shard.
 *
 * <p>Thread-safe. Every client keeps a session of its own ({@link TintypeClient#session}) into which all its changes go.
 * Make others for narrower purposes, such as one web visitor, and {@link #note} the tokens of his changes; {@link #tokens}
 * carries a session from one process to another.
 *
 * <p>Holds at most {@link #MAX_SHARDS} shards. A session that has seen more reads linearizably where it does not know:
 * never less fresh than promised.
 */
public final class Session {
    /** Most shards of which a session keeps a token. */
    public static final int MAX_SHARDS = 65_536;

    private final ConcurrentHashMap<Integer, SessionToken> newest = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private volatile boolean overflowed;
    private OptionalLong noted = OptionalLong.empty(); // guarded by this

    /** A session that has written nothing yet. */
    public Session() {
        this(LeaseClock.SYSTEM);
    }

    /** The same by another clock. */
    Session(LongSupplier clock) {
        this.clock = clock;
    }

    /** Goes on with a session of which another process gave the tokens. */
    public static Session of(Collection<SessionToken> tokens) {
        var session = new Session();
        tokens.forEach(session::note);
        return session;
    }

    /** Takes in a change; tokens may come in any order. */
    public void note(SessionToken token) {
        if (newest.size() >= MAX_SHARDS && !newest.containsKey(token.shard())) {
            overflowed = true;
            return;
        }
        newest.merge(token.shard(), token, (known, news) -> news.after(known) ? news : known);
        noted(clock.getAsLong());
    }

    private synchronized void noted(long now) {
        if (noted.isEmpty() || now - noted.getAsLong() > 0) { // else others have noted something later meanwhile
            noted = OptionalLong.of(now);
        }
    }

    /**
     * When something was noted last, by {@link LeaseClock#SYSTEM}: what was asked for after that, and is not stale, shows all of
     * this session. Empty: nothing was noted yet.
     */
    synchronized OptionalLong notedNanos() {
        return noted;
    }

    /** The newest token of each shard, in no order. */
    public List<SessionToken> tokens() {
        return List.copyOf(newest.values());
    }

    Optional<SessionToken> token(int shard) {
        return Optional.ofNullable(newest.get(shard));
    }

    /** Whether having no token of a shard proves that nothing was written there. */
    boolean knowsEverything() {
        return !overflowed;
    }
}
