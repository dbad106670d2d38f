// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * Where a replica stands.
 *
 * <pre>
 *   BOOTING --> UNASSIGNED | LEARNER | OBSERVER | FOLLOWER
 *   LEARNER | OBSERVER --(too far behind)--> INSTALLING --(all of it durable)--> LEARNER | OBSERVER
 *   BOOTING --(an installation was cut short)--> INSTALLING
 *   LEARNER --(joined the in-sync set)--> FOLLOWER --(shrunk out)--> LEARNER
 *   FOLLOWER --(primary silent)--> PRE_ELECT --(elected)--> PRIMARY_ELECT --(grants over)--> PRIMARY
 *   PRE_ELECT | PRIMARY_ELECT | PRIMARY --(higher epoch)--> FOLLOWER
 *   any --(fsync error, corruption)--> FAILED   (terminal; a new incarnation starts over)
 * </pre>
 */
public enum ReplicaState {
    /** Has not read its disk yet. */
    BOOTING,
    /** The configuration does not name this node, or there is none yet. */
    UNASSIGNED,
    /** Never counted, never elected: a copy elsewhere. */
    OBSERVER,
    /** Catches up; not electable. */
    LEARNER,
    /** Being replaced by a snapshot of the primary's. */
    INSTALLING,
    /** Electable; follows the primary. */
    FOLLOWER,
    /** Asks the others about an election, or waits for its outcome. */
    PRE_ELECT,
    /** Elected; waits until grants it gave to earlier primaries have run out. */
    PRIMARY_ELECT,
    /** Leads. */
    PRIMARY,
    /** This incarnation is over. */
    FAILED
}
