// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules that keep an acknowledged record safe and a read fresh, each with the interleaving that it closes.
 * Production keeps all of them; tests switch one off at a time to show that the simulator would notice.
 */
enum Rule {
    /** Primary drops slow C locally, acknowledges, C elects itself from the old set. */
    OLD_MEMBERS_COUNT_UNTIL_READ_BACK,
    /** The write adding C landed, the primary does not know, commits without C; C is elected. */
    NEW_MEMBERS_COUNT_WHEN_ASKED,
    /** New primary's commit mark lags; C is admitted without an acknowledged record. */
    EXPAND_NEEDS_LOG_END_AT_ELECTION,
    /** A restart cuts back to its own commit mark a record that was acknowledged. */
    TRUNCATE_BY_LINEAGE_ONLY,
    /** The in-sync set shrinks to the primary alone, which goes on acknowledging; its disk dies. */
    NO_COMMIT_BELOW_MINIMUM,
    /** An isolated primary shrinks to itself, then dies: nobody is electable. */
    REMOVED_STAY_ELECTABLE,
    /** A wiped disk under the same node id is elected, empty. */
    INCARNATION_IN_MEMBERSHIP,
    /** Acknowledgements of a wiped replica's earlier life count for the new one. */
    INCARNATION_IN_ACKNOWLEDGEMENTS,
    /** A follower forgets the epoch it promised, and follows a zombie. */
    PROMISE_IS_FSYNCED_FIRST,
    /** A zombie's records are taken after a promise to its successor. */
    LOWER_EPOCHS_ARE_REFUSED,
    /** A peer gone mad names an epoch that never was; whoever promises it can be led by nobody any more. */
    EPOCHS_ARE_CONFIRMED,
    /** A zombie primary reads from memory while its successor writes. */
    NEW_PRIMARY_WAITS_OUT_ITS_GRANT,
    /** A primary hands over and goes on serving reads, while its successor takes its own grant for void. */
    OLD_PRIMARY_STOPS_FIRST,
    /** Leases from the in-sync set only, while a removed but electable member is elected. */
    ELECTABLE_GRANT_LEASES,
    /** Leases without a member that is being asked for, while it is elected. */
    PENDING_GRANT_LEASES,
    /** A lease counted from the answer outlives a grant counted from a beat that was long under way. */
    LEASE_COUNTS_FROM_SENDING,
    /** A suspended machine's monotonic clock stood still while the grants ran out. */
    LEASE_NEEDS_BOTH_CLOCKS,
    /** A new primary reads before it knows all commits. */
    SERVE_AFTER_EPOCH_START,
    /** A failed fsync is taken for a success. */
    FSYNC_ERROR_IS_FINAL,
    /** A compare-and-set without an answer is taken for a failed one. */
    LOST_ANSWERS_ARE_SETTLED,
    /** With two replicas, each side keeps electing itself. */
    CANDIDATES_ASK_FIRST,
    /** A snapshot of long ago takes a replica back behind what it has shown. */
    SNAPSHOT_MUST_BE_AHEAD,
    /** A crash undoes what was applied, and the records to apply again are gone. */
    TRIM_ONLY_WHAT_IS_DURABLE,
    /** The log is cut off record by record. Saves work only: the simulator always switches it off. */
    TRIM_IN_STEPS,
    /**
     * Followers stand for election while the primary is well. Keeps the peace only: safety must not rest on it, so that
     * the simulator switches it, and asking first, off in many runs that must pass all the same.
     */
    PATIENCE;

    /** All of them, as in production. */
    static Set<Rule> all() {
        return Collections.unmodifiableSet(EnumSet.allOf(Rule.class));
    }
}
