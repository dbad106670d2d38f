// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;

/** Checks what other processes of the cluster say in their calls. Immutable. */
final class Callers {
    private final String clusterId;

    /** @param clusterId the cluster this node belongs to */
    Callers(String clusterId) {
        this.clusterId = clusterId;
    }

    /** The user of a call from this cluster; throws INVALID_ARGUMENT or INVALID_USER. */
    UserId user(String callersCluster, String user) {
        checkCluster(callersCluster);
        return UserId.of(user);
    }

    /** Throws INVALID_ARGUMENT where the caller belongs to another cluster. */
    void checkCluster(String callersCluster) {
        if (!callersCluster.equals(clusterId)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "cluster_id is '" + callersCluster + "', but this node belongs to cluster " + clusterId
                            + "; check which ZooKeeper the caller is set to");
        }
    }

    /** The shard that a field names; throws INVALID_ARGUMENT where it names none. */
    static ShardId shard(String field, int shard) {
        if (shard <= 0) {
            throw Requests.invalid(field + " is " + Integer.toUnsignedString(shard) + ", which is no shard id");
        }
        return new ShardId(shard);
    }
}
