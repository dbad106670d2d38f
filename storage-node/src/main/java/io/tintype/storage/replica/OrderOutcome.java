// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** What came of an order to hand a shard over, or to take it by force. Everything but {@link #DONE} changed nothing. */
public enum OrderOutcome {
    /** Done: the shard is led by whom the order named, or by whoever was chosen. */
    DONE,
    /** This replica does not lead, or lost the lead to somebody else meanwhile. */
    NOT_PRIMARY,
    /** The member named is not in sync under its present incarnation, so that it may lack acknowledged records. */
    NOT_IN_SYNC,
    /** Nobody else is in sync, caught up and heard. */
    NO_SUCCESSOR,
    /** Another order, or an election, is under way here. */
    BUSY,
    /** It took too long, and writes had waited long enough; the old primary went on. */
    GAVE_UP,
    /** There is nothing here to lead with: no configuration, or half a snapshot. */
    NOT_WHOLE,
    /** The shard was taken by force as often as version numbers allow. */
    EXHAUSTED,
    /** Force is not needed: this replica leads already, or granted a lease to a primary that it heard a moment ago. */
    STILL_LED
}
