// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

/**
 * What a user may store. Immutable.
 *
 * @param bytes bytes of all his blobs; 0: no limit
 * @param blobs number of his blobs; 0: no limit
 */
public record UserQuota(long bytes, long blobs) {
    /** No limit. */
    public static final UserQuota NONE = new UserQuota(0, 0);

    /** Checks; throws {@link io.tintype.model.TintypeException} INVALID_ARGUMENT for a negative number. */
    public UserQuota {
        PoolRules.notNegative("user_bytes", bytes);
        PoolRules.notNegative("user_blobs", blobs);
    }
}
