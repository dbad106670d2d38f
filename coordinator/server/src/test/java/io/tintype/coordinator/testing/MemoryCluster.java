// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.testing;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.MapLocator;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.node.RecordLevels;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Caches;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.cache.Residency;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.coordinator.upload.Admission;
import io.tintype.coordinator.upload.UploadGateway;
import io.tintype.coordinator.users.DataShards;
import io.tintype.coordinator.users.Registrar;
import io.tintype.model.Location;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.DirectoryEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Two nodes in memory, a map that a test may change, and gateways over both. */
public final class MemoryCluster implements AutoCloseable, ChannelSource {
    /** Keeps the directory; led by {@link #a} always. */
    public static final ShardId DIRECTORY = new ShardId(1);
    /** Data shards. */
    public static final ShardId FIRST = new ShardId(2);
    /** The other one. */
    public static final ShardId SECOND = new ShardId(3);

    /** The shard of {@link #OTHER_POOL}. */
    public static final ShardId OTHERS = new ShardId(4);

    /** A pool nobody is in unless he asks for it. */
    public static final PoolId OTHER_POOL = new PoolId("local", "other");

    private static final PoolId POOL = new PoolId("local", "standard");

    /** A node; leads everything until a test says otherwise. */
    public final MemoryNode a = new MemoryNode();
    /** Another node. */
    public final MemoryNode b = new MemoryNode();

    public final Admission admission;
    public final UploadGateway upload;
    public final RetrievalGateway retrieval;
    public final Registrar registrar;
    private final UserRouter router;

    private final String name = UUID.randomUUID().toString();
    private final Map<String, Server> servers = new ConcurrentHashMap<>();
    private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();
    private volatile String regionOfA = "local";
    private volatile String cacheControl = "";
    private final Map<String, Integer> recordLevels = new ConcurrentHashMap<>();
    private final Set<String> down = ConcurrentHashMap.newKeySet();
    private volatile ClusterView view;

    /** Starts both nodes. */
    public MemoryCluster(long uploadBytes, long maxBlobBytes) {
        this(uploadBytes, maxBlobBytes, CacheSettings.NONE);
    }

    /** Starts both nodes, with caches before them. */
    public MemoryCluster(long uploadBytes, long maxBlobBytes, CacheSettings caches) {
        serve("a", a);
        serve("b", b);
        view = viewWith("a", 1);
        var directory = new DirectoryClient(new MapLocator(() -> view), this, "cluster");
        var shards = new DataShards(() -> view, this, "cluster");
        registrar = new Registrar(() -> view, directory, shards, POOL);
        router = new UserRouter(() -> view, directory, registrar, new Location("local", "z"));
        admission = new Admission(uploadBytes);
        upload = uploads(Duration.ofHours(1), maxBlobBytes);
        retrieval = withCaches(caches);
    }

    /** Another coordinator's changes, under the same admission, with its own longest time for one upload. */
    public UploadGateway uploads(Duration timeout, long maxBlobBytes) {
        return uploads(timeout, maxBlobBytes, this);
    }

    /** The same, over channels of its own. */
    public UploadGateway uploads(Duration timeout, long maxBlobBytes, ChannelSource over) {
        return new UploadGateway(router, over, admission, maxBlobBytes, timeout);
    }

    /** Another coordinator's reads of the same nodes; its caches are to be closed. */
    public RetrievalGateway withCaches(CacheSettings caches) {
        return withCaches(caches, new Peers("alone", "local"));
    }

    /** The same, with other coordinators to ask. */
    public RetrievalGateway withCaches(CacheSettings caches, Peers peers) {
        return withCaches(caches, peers, this);
    }

    /** The same, over channels of its own. */
    public RetrievalGateway withCaches(CacheSettings caches, Peers peers, ChannelSource over) {
        return new RetrievalGateway(
                router, over, origin -> Caches.open(caches, "cluster", Residency.ANYWHERE, peers, over, origin));
    }

    /** Stores a blob of a user behind everyone's back, at {@link #a}; the user is known from now on. */
    public void store(String user, String blobName, byte[] bytes) {
        store(user, blobName, "", bytes);
    }

    /** The same, of a content type. */
    public void store(String user, String blobName, String contentType, byte[] bytes) {
        a.entries()
                .put(
                        user,
                        DirectoryEntry.newBuilder()
                                .setGeneration(1)
                                .setHome(FIRST.value())
                                .setPool(POOL.toString())
                                .build());
        a.store(user, blobName, contentType, bytes);
    }

    /** From now on the map says that this node leads the data shards, in this epoch; null: nobody does. */
    public void lead(@Nullable String node, long epoch) {
        view = viewWith(node, epoch);
    }

    /** From now on {@link #b} has whatever {@link #a} has, at once. */
    public void followAtOnce() {
        kill("b");
        serve("b", a.services());
    }

    /** From now on {@link #a}, which leads, stands in another region than {@link #b} and this coordinator. */
    public void leadFromAfar() {
        regionOfA = "far";
        view = viewWith("a", 1);
    }

    /** From now on the pool says this of caching by browsers and proxies. */
    public void cacheControl(String text) {
        cacheControl = text;
        view = viewWith("a", 1);
    }

    /** From now on the map says that a node applies records up to this level. */
    public void recordLevel(String node, int level) {
        recordLevels.put(node, level);
        view = viewWith("a", 1);
    }

    /** From now on the map says that a node is live, or not; it answers either way. */
    public void live(String node, boolean live) {
        if (live ? down.remove(node) : down.add(node)) {
            view = viewWith("a", 1);
        }
    }

    private ClusterView viewWith(@Nullable String leader, long epoch) {
        var nodes = List.of(node("a", regionOfA), node("b", "local"));
        var primary = leader == null ? null : new NodeId(leader);
        var map = ShardMap.of(
                nodes,
                List.of(
                        shard(DIRECTORY, new NodeId("a"), 1),
                        shard(FIRST, primary, epoch),
                        shard(SECOND, primary, epoch),
                        shard(OTHERS, OTHER_POOL, primary, epoch)));
        var pools = Map.of(POOL, rules(), OTHER_POOL, new PoolRules(OTHER_POOL, 1, 1, 100, 1));
        return new ClusterView(map, pools, Map.of(), DirectoryLayout.even(List.of(DIRECTORY)));
    }

    private PoolRules rules() {
        var pool = new PoolRules(POOL, 1, 1, 100, 2).toWire().toBuilder();
        return PoolRules.of(pool.setCacheControl(cacheControl).build());
    }

    private static ShardInfo shard(ShardId id, @Nullable NodeId primary, long epoch) {
        return shard(id, POOL, primary, epoch);
    }

    private static ShardInfo shard(ShardId id, PoolId pool, @Nullable NodeId primary, long epoch) {
        return new ShardInfo(
                id,
                id.equals(DIRECTORY),
                pool,
                epoch,
                primary,
                List.of(),
                List.of(new NodeId("a"), new NodeId("b")),
                epoch);
    }

    private NodeInfo node(String id, String region) {
        int level = recordLevels.getOrDefault(id, RecordLevels.CURRENT);
        return new NodeInfo(new NodeId(id), id, id, region, "z", !down.contains(id), 1, Set.of(), level);
    }

    private void serve(String id, MemoryNode node) {
        serve(id, node.services());
    }

    /** Serves something under an address of its own. */
    public void serve(String id, List<BindableService> services) {
        var builder = InProcessServerBuilder.forName(name + id);
        services.forEach(builder::addService);
        try {
            servers.put(id, builder.build().start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var before = channels.put(id, InProcessChannelBuilder.forName(name + id).build());
        if (before != null) {
            before.shutdownNow();
        }
    }

    /** Ends a node: its connections break. */
    public void kill(String id) {
        Objects.requireNonNull(servers.get(id), id).shutdownNow();
    }

    @Override
    public Channel to(String address) {
        return Objects.requireNonNull(channels.get(address), address);
    }

    @Override
    public void close() {
        retrieval.close();
        channels.values().forEach(ManagedChannel::shutdownNow);
        servers.values().forEach(Server::shutdownNow);
    }
}
