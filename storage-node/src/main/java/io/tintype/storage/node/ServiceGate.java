// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.HandlerRegistry;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.tintype.cluster.channel.RefusedMethod;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Services that come and go while their server listens: a node must know its ports before it may serve, and stops serving
 * before it stops listening. While they are away, every call is answered with UNAVAILABLE. Thread-safe.
 */
final class ServiceGate extends HandlerRegistry {
    private static final Duration RETRY_AFTER = Duration.ofMillis(500);

    private volatile @Nullable Map<String, ServerMethodDefinition<?, ?>> methods;
    private volatile List<ServerServiceDefinition> definitions = List.of();
    private volatile String why = "this node is starting; try again a little later, or ask another one";

    /** Lets calls in. */
    void open(List<ServerServiceDefinition> services) {
        var all = new HashMap<String, ServerMethodDefinition<?, ?>>();
        definitions = List.copyOf(services);
        for (var service : definitions) {
            for (var method : service.getMethods()) {
                all.put(method.getMethodDescriptor().getFullMethodName(), method);
            }
        }
        methods = Map.copyOf(all);
    }

    /** Turns new calls away; those under way go on. */
    void close() {
        why = "this node is stopping; ask another one";
        methods = null;
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
        var current = methods;
        if (current == null) {
            return RefusedMethod.of(name, new TintypeException(Reason.UNAVAILABLE, why, RETRY_AFTER));
        }
        var method = current.get(name);
        return method == null ? RefusedMethod.notServed(name) : method;
    }

    @Override
    public List<ServerServiceDefinition> getServices() {
        return definitions; // what reflection lists
    }
}
