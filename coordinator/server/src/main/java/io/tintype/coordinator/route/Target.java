// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.tintype.cluster.directory.UserHome;
import io.tintype.model.ShardId;

/**
 * Where a request is to be sent, as far as is known.
 *
 * @param home the user's home
 * @param address host:port of the public API of the node believed to lead his shard
 */
public record Target(UserHome home, String address) {
    /** The user's shard. */
    public ShardId shard() {
        return home.shard();
    }
}
