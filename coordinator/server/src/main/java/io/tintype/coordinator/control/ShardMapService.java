// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.Limits;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetShardMapRequest;
import io.tintype.proto.v1.GetShardMapResponse;
import io.tintype.proto.v1.ShardMapGrpc;
import io.tintype.proto.v1.WatchShardMapRequest;
import io.tintype.proto.v1.WatchShardMapResponse;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells the map and its changes.
 *
 * <p>A watcher that is slow misses steps, not news: nothing is queued for it but the map it was last told, and when it is
 * ready again it learns the difference to the map of that moment. At most {@value #MAX_WATCHERS} watch at a time.
 */
public final class ShardMapService extends ShardMapGrpc.ShardMapImplBase implements AutoCloseable {
    /** Streams at a time; further ones are refused with OVERLOADED. */
    static final int MAX_WATCHERS = 10_000;

    /** Nodes and shards in one message, which so stays under the limit of {@link Limits#MAX_MESSAGE_BYTES}. */
    private static final int ITEMS_PER_MESSAGE = 2_000;

    private static final Duration RETRY = Duration.ofSeconds(1);

    private final ShardMapWatcher source;
    private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
    private final ZkSession.Registration listening;

    /** Over a watcher that outlives this object. */
    public ShardMapService(ShardMapWatcher source) {
        this.source = source;
        this.listening = source.addListener(view -> watchers.forEach(Watcher::tellWhatIsNew));
    }

    @Override
    public void getShardMap(GetShardMapRequest request, StreamObserver<GetShardMapResponse> out) {
        if (!source.ready().isDone()) {
            out.onError(Errors.toWire(notKnown()));
            return;
        }
        var map = source.map();
        var answer = GetShardMapResponse.newBuilder();
        map.nodes().map(Views::node).forEach(answer::addNodes);
        map.shards().map(Views::shard).forEach(answer::addShards);
        out.onNext(answer.build());
        out.onCompleted();
    }

    @Override
    public void watchShardMap(WatchShardMapRequest request, StreamObserver<WatchShardMapResponse> out) {
        if (!source.ready().isDone()) {
            out.onError(Errors.toWire(notKnown()));
            return;
        }
        if (watchers.size() >= MAX_WATCHERS) {
            out.onError(Errors.toWire(new TintypeException(
                    Reason.OVERLOADED,
                    MAX_WATCHERS + " clients watch this coordinator's map already. Watch another coordinator's.",
                    RETRY)));
            return;
        }
        var call = (ServerCallStreamObserver<WatchShardMapResponse>) out;
        var watcher = new Watcher(call);
        call.setOnCancelHandler(() -> watchers.remove(watcher));
        call.setOnReadyHandler(watcher::tellWhatIsNew);
        watchers.add(watcher);
    }

    /** Ends all streams: their clients go to another coordinator. */
    @Override
    public void close() {
        listening.close();
        watchers.forEach(Watcher::end);
    }

    private static TintypeException notKnown() {
        return new TintypeException(
                Reason.UNAVAILABLE,
                "This coordinator does not know the map yet. Ask again, or ask another one.",
                RETRY);
    }

    private final class Watcher {
        private final ServerCallStreamObserver<WatchShardMapResponse> call;
        private @Nullable ShardMap told; // guarded by this

        Watcher(ServerCallStreamObserver<WatchShardMapResponse> call) {
            this.call = call;
        }

        synchronized void tellWhatIsNew() {
            if (call.isCancelled() || !call.isReady()) {
                return;
            }
            var now = source.map();
            if (told == null) {
                send(difference(ShardMap.EMPTY, now), true);
            } else {
                var changes = difference(told, now);
                if (!changes.build().equals(WatchShardMapResponse.getDefaultInstance())) {
                    send(changes, false);
                }
            }
            told = now;
        }

        private void send(WatchShardMapResponse.Builder all, boolean full) {
            var part = WatchShardMapResponse.newBuilder().setFull(full);
            int items = 0;
            for (var node : all.getNodesList()) {
                part.addNodes(node);
                if (++items % ITEMS_PER_MESSAGE == 0) {
                    call.onNext(part.build());
                    part = WatchShardMapResponse.newBuilder();
                }
            }
            for (var shard : all.getShardsList()) {
                part.addShards(shard);
                if (++items % ITEMS_PER_MESSAGE == 0) {
                    call.onNext(part.build());
                    part = WatchShardMapResponse.newBuilder();
                }
            }
            part.addAllRemovedNodes(all.getRemovedNodesList()).addAllRemovedShards(all.getRemovedShardsList());
            call.onNext(part.build());
        }

        synchronized void end() {
            if (!call.isCancelled()) {
                call.onError(Errors.toWire(new TintypeException(
                        Reason.UNAVAILABLE, "This coordinator is stopping. Watch another one's map.", RETRY)));
            }
            watchers.remove(this);
        }
    }

    /** What a client that knows {@code before} must be told to know {@code after}. */
    static WatchShardMapResponse.Builder difference(ShardMap before, ShardMap after) {
        var changes = WatchShardMapResponse.newBuilder();
        after.nodes()
                .filter(node -> !node.equals(before.node(node.id()).orElse(null)))
                .map(Views::node)
                .forEach(changes::addNodes);
        after.shards()
                .filter(shard -> !shard.equals(before.shard(shard.id()).orElse(null)))
                .map(Views::shard)
                .forEach(changes::addShards);
        before.nodes()
                .map(NodeInfo::id)
                .filter(id -> after.node(id).isEmpty())
                .forEach(id -> changes.addRemovedNodes(id.value()));
        before.shards()
                .map(ShardInfo::id)
                .filter(id -> after.shard(id).isEmpty())
                .forEach(id -> changes.addRemovedShards(id.value()));
        return changes;
    }
}
