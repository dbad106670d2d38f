// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Leads gRPC channels of this process to the relays of the clients, as a hosts file does in the other processes. Names
 * that are not of the cluster are resolved as ever. Thread-safe.
 */
final class SiteNames extends NameResolverProvider implements AutoCloseable {
    private static final String SCHEME = "dns";
    private static final int STRONGER_THAN_DEFAULT = 9;

    private final Network network;
    private final Site self;
    private final NameResolverProvider ordinary;

    /** In force from now on, until closed. */
    SiteNames(Network network, Site self) {
        this.network = network;
        this.self = self;
        this.ordinary = ServiceLoader.load(NameResolverProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.getDefaultScheme().equals(SCHEME))
                .findFirst()
                .orElseThrow();
        NameResolverRegistry.getDefaultRegistry().register(this);
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
        var path = target.getPath() == null ? "" : target.getPath();
        int slash = path.indexOf('/');
        int colon = path.lastIndexOf(':');
        var address = colon > slash ? network.addressOf(self, path.substring(slash + 1, colon)) : "";
        if (address.isEmpty()) {
            return ordinary.newNameResolver(target, args);
        }
        return new Fixed(new InetSocketAddress(address, Integer.parseInt(path.substring(colon + 1))));
    }

    @Override
    public String getDefaultScheme() {
        return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    @Override
    protected int priority() {
        return STRONGER_THAN_DEFAULT;
    }

    @Override
    public void close() {
        NameResolverRegistry.getDefaultRegistry().deregister(this);
    }

    private static final class Fixed extends NameResolver {
        private final InetSocketAddress address;

        private Fixed(InetSocketAddress address) {
            this.address = address;
        }

        @Override
        public String getServiceAuthority() {
            return address.getHostString();
        }

        @Override
        public void start(Listener2 listener) {
            listener.onResult(ResolutionResult.newBuilder()
                    .setAddressesOrError(io.grpc.StatusOr.fromValue(List.of(new EquivalentAddressGroup(address))))
                    .build());
        }

        @Override
        public void shutdown() {}
    }
}
