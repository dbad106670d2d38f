// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.tintype.cluster.map.Addresses;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds directory shards for a storage node, which does not know the whole map: reads the few znodes it needs and
 * remembers them until they turn out wrong.
 */
public final class ZnodeLocator implements DirectoryLocator {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final ZkSession session;
    private final ShardZnodes shards;
    private final NodesWatcher nodes;
    private final Map<ShardId, NodeId> primaries = new ConcurrentHashMap<>();
    private volatile @Nullable DirectoryLayout layout;

    /** Over parts that outlive this object. */
    public ZnodeLocator(ZkSession session, ShardZnodes shards, NodesWatcher nodes) {
        this.session = session;
        this.shards = shards;
        this.nodes = nodes;
    }

    @Override
    public CompletableFuture<Place> locate(UserId user, boolean afresh) {
        return layout(afresh)
                .thenCompose(known -> place(known.shardOf(user), afresh))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(explain(failure)));
    }

    private CompletableFuture<DirectoryLayout> layout(boolean afresh) {
        var known = layout;
        if (known != null && !afresh) {
            return CompletableFuture.completedFuture(known);
        }
        return session.znodes().get(Paths.DIRECTORY_MAP).thenApply(found -> {
            if (found.isEmpty()) {
                throw MapLocator.noDirectory();
            }
            var read = DirectoryLayout.of(ZnodeCodec.DIRECTORY_MAP.decode(
                    Paths.DIRECTORY_MAP, found.get().data()));
            layout = read;
            return read;
        });
    }

    /** The same for a shard of any kind. */
    public CompletableFuture<Place> locate(ShardId shard, boolean afresh) {
        return place(shard, afresh).exceptionallyCompose(failure -> CompletableFuture.failedFuture(explain(failure)));
    }

    private CompletableFuture<Place> place(ShardId shard, boolean afresh) {
        var known = primaries.get(shard);
        if (known != null && !afresh) {
            return CompletableFuture.completedFuture(known).thenApply(primary -> placeAt(shard, primary));
        }
        return shards.read(shard).thenApply(found -> {
            var primary = found.map(record -> record.value().getPrimary()).orElse("");
            if (primary.isEmpty()) {
                primaries.remove(shard);
                throw MapLocator.noPrimary(shard.value());
            }
            var node = new NodeId(primary);
            primaries.put(shard, node);
            return placeAt(shard, node);
        });
    }

    private Place placeAt(ShardId shard, NodeId primary) {
        return nodes.node(primary)
                .flatMap(Addresses::knownToPeers)
                .map(address -> new Place(shard, address))
                .orElseThrow(() -> MapLocator.noPrimary(shard.value()));
    }

    private static Throwable explain(Throwable failure) {
        var cause = ZkErrors.unwrap(failure);
        if (cause instanceof TintypeException || !ZkErrors.isUnanswered(cause)) {
            return cause;
        }
        return new TintypeException(
                Reason.UNAVAILABLE,
                "ZooKeeper is out of reach, and where the directory is was not known before. Try again.",
                Map.of(),
                RETRY,
                cause);
    }
}
