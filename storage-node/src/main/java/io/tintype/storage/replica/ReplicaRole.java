// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** How a node takes part in a shard. */
public enum ReplicaRole {
    /** May become in-sync, and primary. */
    VOTER,
    /** Catches up; becomes a voter when it joins the in-sync set. */
    LEARNER,
    /** A copy that is never counted and never elected. */
    OBSERVER
}
