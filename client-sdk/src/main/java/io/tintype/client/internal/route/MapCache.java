// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Coordinators;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardMap;
import io.tintype.proto.v1.ShardMapGrpc;
import io.tintype.proto.v1.WatchShardMapRequest;
import io.tintype.proto.v1.WatchShardMapResponse;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shard map as some coordinator tells it, kept up to date by a watch that begins with the first request and moves to
 * another coordinator when one is lost. With all of them down, the last map stays. Thread-safe.
 */
public final class MapCache implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MapCache.class);

    private final Coordinators coordinators;
    private final ClientThreads threads;
    private final ClientSettings.Retry backoff;

    private volatile ShardMap map = ShardMap.EMPTY;
    private volatile boolean started;
    private @Nullable Watch watch;
    private boolean closed;
    private int failures;

    public MapCache(Coordinators coordinators, ClientThreads threads, ClientSettings.Retry backoff) {
        this.coordinators = coordinators;
        this.threads = threads;
        this.backoff = backoff;
    }

    /** What is known now; empty until the first answer. Never waits. */
    public ShardMap map() {
        if (!started) {
            start();
        }
        return map;
    }

    private synchronized void start() {
        if (!started) {
            started = true;
            connect();
        }
    }

    private synchronized void connect() {
        if (closed) {
            return;
        }
        String address = coordinators.next(Set.of()).orElseThrow();
        watch = new Watch(address);
        watch.begin();
    }

    private void learn(Watch from, WatchShardMapResponse news) {
        synchronized (this) {
            if (watch != from) {
                return;
            }
            failures = 0;
            var nodes = news.getNodesList().stream().map(MapMessages::node).toList();
            var shards = news.getShardsList().stream().map(MapMessages::shard).toList();
            map = news.getFull()
                    ? ShardMap.of(nodes, shards)
                    : map.with(nodes, shards)
                            .without(
                                    news.getRemovedNodesList().stream()
                                            .map(NodeId::new)
                                            .toList(),
                                    news.getRemovedShardsList().stream()
                                            .map(ShardId::new)
                                            .toList());
        }
    }

    private void lost(Watch from, Status status) {
        long delay;
        synchronized (this) {
            if (watch != from || closed) {
                return;
            }
            coordinators.failed(from.address);
            failures++;
            delay = delayNanos();
        }
        log.debug("lost the map's watch at {}: {}; again in {} ms", from.address, status, delay / 1_000_000);
        threads.after(delay, this::connect);
    }

    private long delayNanos() {
        long doubled = backoff.firstBackoff().toNanos() << Math.min(failures - 1, 20);
        long longest = backoff.maxBackoff().toNanos();
        long delay = doubled <= 0 ? longest : Math.min(doubled, longest);
        return delay / 2 + ThreadLocalRandom.current().nextLong(delay / 2 + 1);
    }

    @Override
    public void close() {
        Watch last;
        synchronized (this) {
            closed = true;
            last = watch;
            watch = null;
        }
        if (last != null) {
            last.end();
        }
    }

    private final class Watch extends ClientCall.Listener<WatchShardMapResponse> {
        private final String address;
        private final ClientCall<WatchShardMapRequest, WatchShardMapResponse> call;

        Watch(String address) {
            this.address = address;
            call = coordinators.channel(address).newCall(ShardMapGrpc.getWatchShardMapMethod(), CallOptions.DEFAULT);
        }

        void begin() {
            call.start(this, new Metadata());
            call.request(1);
            call.sendMessage(WatchShardMapRequest.getDefaultInstance());
            call.halfClose();
        }

        void end() {
            call.cancel("the client is closed", null);
        }

        @Override
        public void onMessage(WatchShardMapResponse news) {
            try {
                learn(this, news);
            } catch (RuntimeException e) {
                log.warn("coordinator {} told a shard map that cannot be read", address, e);
            }
            call.request(1);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            lost(this, status);
        }
    }
}
