// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.UserTrace;
import io.tintype.proto.v1.LocateUserResponse;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UserPlace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Finds every replica and every cache that holds something of a user. Thread-safe; never blocks. */
public final class Places {
    private static final List<String> ORDER =
            List.of("home", "source", "target", "left", "refused", "erasing", "nothing", "directory");

    private final Supplier<ClusterView> view;
    private final DirectoryClient directory;
    private final Registrar registrar;
    private final Traces traces;
    private final CacheCare caches;

    /** Over parts that outlive this object. */
    public Places(
            Supplier<ClusterView> view,
            DirectoryClient directory,
            Registrar registrar,
            Traces traces,
            CacheCare caches) {
        this.caches = caches;
        this.view = view;
        this.directory = directory;
        this.registrar = registrar;
        this.traces = traces;
    }

    /** The places, those of his home first. */
    public CompletableFuture<LocateUserResponse> of(UserId user, Deadline deadline) {
        return directory
                .entry(user, deadline)
                .thenCompose(entry -> traces.of(user).thenApply(all -> show(user, entry, all)))
                .thenCombine(
                        caches.holdings(user),
                        (places, held) -> places.addAllCaches(held).build());
    }

    private LocateUserResponse.Builder show(UserId user, DirectoryEntry entry, Traces.All all) {
        var now = view.get();
        var places = new ArrayList<UserPlace>();
        all.blobs().forEach(found -> places.add(place(now, found, entry)));
        all.entries().forEach(found -> places.add(place(now, found, entry)));
        silent(now, entry, all, places);
        places.sort(Comparator.comparingInt((UserPlace place) -> ORDER.indexOf(place.getHolds()))
                .thenComparing(place -> !place.getRole().equals("primary"))
                .thenComparing(UserPlace::getNode));
        boolean moving = entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING;
        var pool = PoolId.parse(entry.getPool());
        return LocateUserResponse.newBuilder()
                .setUser(User.newBuilder()
                        .setId(user.value())
                        .setRegion(pool.region())
                        .setTier(pool.tier())
                        .setShard(entry.getHome())
                        .setGeneration(entry.getGeneration()))
                .setPinned(!registrar.rules(pool).residency().unpinned())
                .setToShard(moving ? entry.getTo() : 0)
                .addAllPlaces(places);
    }

    /** Replicas of his shard that have nothing of him yet, or cannot be asked; and all other nodes that cannot. */
    private static void silent(ClusterView now, DirectoryEntry entry, Traces.All all, List<UserPlace> places) {
        var home = new ShardId(entry.getHome());
        for (var node : all.nodes()) {
            boolean replica = isReplica(now, home, node.node());
            boolean shown = places.stream()
                    .anyMatch(place -> place.getShard() == home.value()
                            && place.getNode().equals(node.node().id().value()));
            if (!node.error().isEmpty() || (replica && !shown)) {
                var place = of(node.node()).setError(node.error());
                places.add(
                        replica
                                ? place.setShard(home.value())
                                        .setHolds("home")
                                        .setRole(role(now, home, node.node()))
                                        .build()
                                : place.setHolds("nothing").build());
            }
        }
    }

    private static boolean isReplica(ClusterView now, ShardId shard, NodeInfo node) {
        return now.map().shard(shard).stream().anyMatch(info -> info.replicas().contains(node.id()));
    }

    private static UserPlace place(ClusterView now, Traces.Found found, DirectoryEntry entry) {
        var trace = found.trace();
        var record = trace.getRecord();
        return of(found.node())
                .setShard(trace.getShard())
                .setHolds(holds(trace, entry))
                .setRole(role(now, new ShardId(trace.getShard()), found.node()))
                .setBlobs(record.getBlobs())
                .setBytes(record.getBytes())
                .setSinceMs(record.getSinceMs())
                .build();
    }

    private static String holds(UserTrace trace, DirectoryEntry entry) {
        if (trace.hasEntry()) {
            return "directory";
        }
        return trace.getShard() == entry.getHome() && !trace.hasRecord()
                ? "home"
                : Erasures.what(trace.getRecord().getState());
    }

    private static UserPlace.Builder of(NodeInfo node) {
        return UserPlace.newBuilder()
                .setNode(node.id().value())
                .setRegion(node.region())
                .setZone(node.zone());
    }

    private static String role(ClusterView now, ShardId shard, NodeInfo node) {
        var info = now.map().shard(shard);
        if (info.flatMap(ShardInfo::primary).equals(Optional.of(node.id()))) {
            return "primary";
        }
        boolean observer = Optional.ofNullable(now.assignments().get(shard)).stream()
                .flatMap(assignment -> assignment.getReplicasList().stream())
                .filter(replica -> replica.getNode().equals(node.id().value()))
                .map(Placement::getRole)
                .anyMatch(role -> role == ReplicaRole.REPLICA_ROLE_OBSERVER);
        if (observer) {
            return "observer";
        }
        return info.stream().anyMatch(known -> known.inSync().contains(node.id())) ? "in-sync" : "behind";
    }
}
