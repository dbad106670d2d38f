// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Limits;
import java.time.Duration;

/**
 * How fresh an answer must be. Immutable.
 *
 * <p>{@link #linearizable} is what you get without asking. The other two may be answered by the nearest replica, and spare
 * the primary.
 */
public sealed interface Consistency {
    /** Sees every write acknowledged before the read began, whoever made it. */
    static Consistency linearizable() {
        return Linearizable.INSTANCE;
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

    /** See {@link Consistency#linearizable}. */
    enum Linearizable implements Consistency {
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
