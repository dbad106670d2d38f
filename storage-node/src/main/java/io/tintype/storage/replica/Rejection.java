// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** Why a proposal came to nothing, or to nothing certain. */
public enum Rejection {
    /** Not appended: another replica leads, or none yet. */
    NOT_PRIMARY,
    /** Not appended: too few replicas are in sync. */
    NOT_ENOUGH_REPLICAS,
    /** Not appended: too many records wait for their commit. */
    OVERLOADED,
    /** Not appended: the shard takes no writes. */
    READ_ONLY,
    /** Appended, and perhaps committed later, perhaps not. */
    OUTCOME_UNKNOWN
}
