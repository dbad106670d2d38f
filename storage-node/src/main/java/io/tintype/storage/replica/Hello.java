// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * First message of a replication stream: a follower presents itself to the primary. Immutable.
 *
 * @param follower who it is
 * @param promisedEpoch no message below this epoch will be taken
 * @param log what its log holds
 * @param committed records up to here may have been applied already, so they can no longer be cut away: where the
 *     primary's log differs there, only a snapshot helps
 * @param installing a snapshot was begun here and never finished: whatever the log is like, only a snapshot helps
 */
public record Hello(Member follower, long promisedEpoch, LogShape log, long committed, boolean installing) {}
