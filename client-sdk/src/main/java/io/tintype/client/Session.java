// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.heads.LeaseClock;
import java.util.ArrayList;
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
 *
 * <p>Of whom a change is, only the client's own session knows, of up to {@link #MAX_USERS} users. Where it is not known, a replica
 * that does not lead asks the directory before it answers: make sessions of noted tokens for one user each.
 */
public final class Session {
    /** Most shards of which a session keeps a token. */
    public static final int MAX_SHARDS = 65_536;

    /** Most users of whom a session knows on which shard it changed them. */
    static final int MAX_USERS = 100_000;

    /** No shard's id. */
    private static final int SEVERAL = 0;

    private final ConcurrentHashMap<Integer, SessionToken> newest = new ConcurrentHashMap<>();

    /** The one shard on which a user's changes were noted, or {@link #SEVERAL}. */
    private final ConcurrentHashMap<String, Integer> changedOn = new ConcurrentHashMap<>();

    private final LongSupplier clock;
    private volatile boolean overflowed;
    private volatile boolean anybodys; // whether there are changes of which is not known whose they are
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
        anybodys = true;
        take(token);
    }

    /** The same of a user who is known. */
    void note(String user, SessionToken token) {
        if (changedOn.size() >= MAX_USERS && !changedOn.containsKey(user)) {
            anybodys = true;
        } else {
            changedOn.merge(
                    user, token.shard(), (known, news) -> known.equals(news) ? known : Integer.valueOf(SEVERAL));
        }
        take(token);
    }

    private void take(SessionToken token) {
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

    /**
     * What a node that has a replica of a shard must see to read a user there: the shard's token; and one of another shard,
     * whichever, where he may have been changed elsewhere, for then the node asks whether what it has is of his present stay.
     */
    List<SessionToken> tokensFor(String user, int shard) {
        var tokens = new ArrayList<SessionToken>(2);
        token(shard).ifPresent(tokens::add);
        if (mayHaveChanged(user, shard)) {
            newest.values().stream()
                    .filter(token -> token.shard() != shard)
                    .findFirst()
                    .ifPresent(tokens::add);
        }
        return tokens;
    }

    /** What whoever finds the user's shard himself must see: the tokens of all shards on which he may have been changed. */
    List<SessionToken> tokensFor(String user) {
        int only = changedOn.getOrDefault(user, SEVERAL);
        if (anybodys || (only == SEVERAL && changedOn.containsKey(user))) {
            return tokens();
        }
        return token(only).stream().toList();
    }

    private boolean mayHaveChanged(String user, int otherThan) {
        return anybodys || changedOn.getOrDefault(user, otherThan) != otherThan;
    }

    /** Whether having no token of a shard proves that nothing was written there. */
    boolean knowsEverything() {
        return !overflowed;
    }
}
