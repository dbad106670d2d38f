// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.grpc.BindableService;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.map.CoordinatorsWatcher;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.cache.CachePeerService;
import io.tintype.coordinator.control.AdminService;
import io.tintype.coordinator.control.UsersService;
import io.tintype.coordinator.retrieval.BlobRetrievalService;
import io.tintype.coordinator.retrieval.CachesService;
import io.tintype.coordinator.upload.BlobUploadService;
import io.tintype.coordinator.users.CacheCare;
import io.tintype.coordinator.users.Erasures;
import io.tintype.coordinator.users.Exports;
import io.tintype.coordinator.users.Places;
import io.tintype.coordinator.users.Traces;
import java.util.ArrayList;
import java.util.List;

/** What a coordinator answers by gRPC, as its roles have it. */
final class Services {
    private Services() {}

    /** The services over parts that outlive them; whoever has more of them adds those. */
    static List<BindableService> of(
            CoordinatorConfig config,
            ZkSession session,
            String clusterId,
            ShardMapWatcher watcher,
            CoordinatorsWatcher coordinators,
            Channels channels,
            Gateways gateways) {
        List<BindableService> services = new ArrayList<>();
        var traces = new Traces(watcher::view, channels, clusterId);
        var care = new CacheCare(coordinators::live, channels, clusterId);
        services.add(new UsersService(
                gateways.registrar,
                gateways.directory,
                gateways.shards,
                gateways.moves,
                new Exports(gateways.directory, gateways.shards, clusterId),
                new Erasures(gateways.directory, gateways.shards, traces, care),
                new Places(watcher::view, gateways.directory, gateways.registrar, traces, care)));
        var roles = config.roles();
        if (roles.contains(Role.UPLOAD)) {
            services.add(new BlobUploadService(gateways.upload));
        }
        if (roles.contains(Role.RETRIEVAL)) {
            services.add(new BlobRetrievalService(gateways.retrieval));
            services.add(new CachesService(gateways.retrieval, config.id()));
            services.add(new CachePeerService(gateways.retrieval.caches(), clusterId, gateways.retrieval::forgetHeads));
        }
        if (roles.contains(Role.CONTROL)) {
            services.add(new AdminService(watcher::known, session, channels, clusterId, gateways.shards));
        }
        return services;
    }
}
