// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.grpc.Deadline;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.UserId;
import java.util.concurrent.CompletableFuture;

/** Gives homes to users who have none. Thread-safe; never blocks. */
public interface HomeMaker {
    /** Registers a user by policy, unless he is registered; either way his home is the answer. */
    CompletableFuture<UserHome> register(UserId user, Deadline deadline);

    /** Gives a user whose home turned out full another one. */
    CompletableFuture<UserHome> rehome(UserId user, UserHome full, Deadline deadline);
}
