// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.cluster.directory.UserHome;
import io.tintype.model.UserId;
import java.util.concurrent.CompletableFuture;

/** Tells where users live, as the directory has it. Thread-safe; never blocks. */
@FunctionalInterface
public interface Homes {
    /**
     * Looks a user up.
     *
     * @param latest true: only the word of the directory shard's primary will do; false: any replica's, or a cached one
     * @return where he lives; fails with USER_NOT_FOUND where the directory does not know him
     */
    CompletableFuture<UserHome> find(UserId user, boolean latest);
}
