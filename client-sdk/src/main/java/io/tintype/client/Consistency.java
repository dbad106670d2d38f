// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Limits;
import io.tintype.model.TintypeException;
import java.time.Duration;

/**
 * How fresh an answer must be. Immutable.
 *
 * <table>
 *   <caption>What each shows, and who answers</caption>
 *   <tr><td>{@link #linearizable}</td><td>every write acknowledged before the read began; the shard's primary</td></tr>
 *   <tr><td>{@link #near}</td><td>the same; the primary names the version, the nearest replica sends the bytes</td></tr>
 *   <tr><td>{@link #session()}</td><td>the client's own writes, perhaps not those of others; the nearest replica</td></tr>
 *   <tr><td>{@link #boundedStaleness}</td><td>everything but the last so many seconds; the nearest replica</td></tr>
 *   <tr><td>{@link #exactVersion}</td><td>one version, current or not; the nearest replica</td></tr>
 * </table>
 *
 * <p>{@code linearizable} is what you get without asking. The last three go on without a pause while a primary is lost.
 */
public sealed interface Consistency {
    /** Sees every write acknowledged before the read began, whoever made it. */
    static Consistency linearizable() {
        return Linearizable.INSTANCE;
    }

    /**
     * Sees what {@link #linearizable} sees, but only the head comes from the primary: the bytes of that version come from the
     * nearest replica that has it ({@link TintypeClientBuilder#location}), and from the primary where none does. One short
     * way more for the first byte, less load and distance for all others. Heads and listings are read as by {@code
     * linearizable}.
     */
    static Consistency near() {
        return Near.INSTANCE;
    }

    /**
     * Sees the version that {@code ifVersion} names, from whoever has it. Says nothing of whether it is current still, or was
     * deleted since; whoever no longer has it answers {@link VersionConflictException} or {@link BlobNotFoundException}.
     * Not for listings.
     */
    static Consistency exactVersion() {
        return ExactVersion.INSTANCE;
    }

    /** Sees every write that the client made itself; may miss those of others. */
    static Consistency session() {
        return OwnSession.INSTANCE;
    }

    /** Sees every write noted in a session; may miss those of others. */
    static Consistency session(Session session) {
        return new InSession(session);
    }

    /**
     * May miss the writes of the last {@code maxStaleness}; {@link Freshness} tells.
     *
     * @param maxStaleness 1 ms to 1 h
     */
    static Consistency boundedStaleness(Duration maxStaleness) {
        return new BoundedStaleness(maxStaleness);
    }

    /**
     * Reads {@code linearizable}, {@code near}, {@code bounded:5s}, {@code session} (the client's own), {@code
     * session:TOKEN,TOKEN} or {@code exact}, as the command line and HTTP take them.
     *
     * @throws InvalidRequestException saying what may be written
     */
    static Consistency parse(String text) {
        try {
            return Convert.consistency(text);
        } catch (TintypeException e) {
            throw Typed.of(e);
        }
    }

    /** See {@link Consistency#linearizable}. */
    enum Linearizable implements Consistency {
        /** The only one. */
        INSTANCE
    }

    /** See {@link Consistency#near}. */
    enum Near implements Consistency {
        /** The only one. */
        INSTANCE
    }

    /** See {@link Consistency#exactVersion}. */
    enum ExactVersion implements Consistency {
        /** The only one. */
        INSTANCE
    }

    /** See {@link Consistency#session()}. */
    enum OwnSession implements Consistency {
        /** The only one. */
        INSTANCE
    }

    /**
     * See {@link Consistency#session(Session)}.
     *
     * @param session whose writes must be seen
     */
    record InSession(Session session) implements Consistency {}

    /**
     * See {@link Consistency#boundedStaleness}.
     *
     * @param maxStaleness 1 ms to 1 h
     */
    record BoundedStaleness(Duration maxStaleness) implements Consistency {
        public BoundedStaleness {
            if (maxStaleness.toMillis() < 1 || maxStaleness.compareTo(Limits.MAX_STALENESS) > 0) {
                throw new IllegalArgumentException(
                        "max staleness is " + maxStaleness + "; give 1 ms to " + Limits.MAX_STALENESS);
            }
        }
    }
}
