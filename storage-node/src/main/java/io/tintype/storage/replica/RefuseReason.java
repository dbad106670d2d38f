// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** Why a replica did not take another's message. */
public enum RefuseReason {
    /** The sender's epoch is below one promised. */
    STALE_EPOCH,
    /** Records are missing in front of those sent. */
    GAP,
    /** The sender is no replica of this shard. */
    NOT_ASSIGNED,
    /** The receiver does not lead this shard. */
    NOT_PRIMARY
}
