// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * The primary takes a follower on. Immutable.
 *
 * @param epoch the primary's epoch
 * @param cfg the configuration it acts under
 * @param truncateTo last record that both logs share; the follower drops all behind it. With {@code snapshot} set: the last
 *     one that may be shared, where the primary can tell that what the follower has behind it is in no log that leads on;
 *     else {@link LogPosition#NONE}
 * @param snapshot the primary's log no longer reaches back to what they share: the follower replaces everything it
 *     has by a snapshot of the primary's
 * @param disowned with {@code snapshot}: the primary can tell that what the follower has applied is not in its log and never
 *     will be, because an operator gave it up
 * @param backlog records up to this one are a newcomer's backlog, fed no faster than replicas may move; 0: there is none
 */
public record Attach(long epoch, long cfg, LogPosition truncateTo, boolean snapshot, boolean disowned, long backlog) {
    /** Of a follower that is fed as fast as it goes. */
    public Attach(long epoch, long cfg, LogPosition truncateTo, boolean snapshot, boolean disowned) {
        this(epoch, cfg, truncateTo, snapshot, disowned, 0);
    }
}
