// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** How one method of a service is served otherwise: read by another marshaller, or handled inside something. */
@FunctionalInterface
public interface Rebinding {
    /** The method as it is served from now on; its full name must stay. */
    <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method);

    /** A service with each of its methods rebound. Reflection still finds what it found before. */
    static ServerServiceDefinition apply(ServerServiceDefinition service, Rebinding each) {
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        var rebound = service.getMethods().stream().map(each::of).toList();
        rebound.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        var definition = ServerServiceDefinition.builder(descriptor.build());
        rebound.forEach(definition::addMethod);
        return definition.build();
    }
}
