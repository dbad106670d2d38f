// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.HandlerRegistry;
import io.grpc.ServerMethodDefinition;
import org.jspecify.annotations.Nullable;

/** Stands behind a server's services and refuses what none of them serves. Stateless and thread-safe. */
final class NotServed extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
        return RefusedMethod.notServed(name);
    }
}
