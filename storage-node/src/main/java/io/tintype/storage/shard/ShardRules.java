// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;

/**
 * What the shard's pool allows its users, as last told by the controller. A primary writes it into the records it makes,
 * and so all replicas decide by the same rules, whatever each of them has been told since. Immutable.
 *
 * @param usersLimit users the shard takes at most
 * @param userBytes bytes a user may store who has no quota of his own; 0: no limit
 * @param userBlobs blobs a user may have who has no quota of his own; 0: no limit
 * @param sealed whether chunks that come in are sealed under a key of their user's own
 */
public record ShardRules(int usersLimit, long userBytes, long userBlobs, boolean sealed) {
    static ShardRules of(ShardAssignment assignment) {
        return new ShardRules(
                assignment.getUsersLimit(),
                assignment.getUserBytes(),
                assignment.getUserBlobs(),
                assignment.getSealed());
    }

    /** For a member that no assignment names: it gives its part up and makes no more records worth speaking of. */
    static ShardRules of(ShardRecord shard) {
        return new ShardRules(shard.getUsersLimit(), 0, 0, false);
    }
}
