// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.StageChunksRequest;
import io.tintype.proto.internal.v1.StageChunksResponse;
import io.tintype.storage.peer.PeerCluster.Lane;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Wire;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Hands chunks of all shards to one node, on one stream that is opened when it is needed. So many bytes at a time are
 * under way; some more wait; the rest is refused at once. Thread-safe; never blocks.
 */
final class StageSender {
    private record Sending(ShardId shard, long epoch, StagedBytes chunk, CompletableFuture<Void> done) {
        long bytes() {
            return chunk.chunk().data().size();
        }
    }

    private final PeerCluster cluster;
    private final NodeId to;
    private final ArrayDeque<Sending> waiting = new ArrayDeque<>();
    private final Map<Long, Sending> underWay = new HashMap<>();
    private long waitingBytes;
    private long underWayBytes;
    private long lastTicket;
    private @Nullable Stream stream;

    StageSender(PeerCluster cluster, NodeId to) {
        this.cluster = cluster;
        this.to = to;
    }

    CompletableFuture<Void> stage(ShardId shard, long epoch, StagedBytes chunk) {
        var sending = new Sending(shard, epoch, chunk, new CompletableFuture<>());
        synchronized (this) {
            if (waitingBytes + sending.bytes() > PeerLimits.STAGING_QUEUE_BYTES) {
                return CompletableFuture.failedFuture(new TintypeException(
                        Reason.OVERLOADED,
                        "chunks of " + waitingBytes + " bytes wait for node " + to
                                + " already; it fetches this one itself"));
            }
            waiting.add(sending);
            waitingBytes += sending.bytes();
        }
        pump();
        return sending.done();
    }

    private void pump() {
        Throwable failure = null;
        synchronized (this) {
            try {
                sendWhatFits();
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            fail(stream, failure);
        }
    }

    private void sendWhatFits() {
        while (!waiting.isEmpty()) {
            var next = waiting.element();
            if (next.done().isDone()) { // given up meanwhile
                waiting.remove();
                waitingBytes -= next.bytes();
                continue;
            }
            var current = stream == null ? open() : stream;
            var requests = current.requests;
            if (stream != current // failed at once, and with it all that waited
                    || requests == null
                    || !requests.isReady()
                    || (underWayBytes > 0 && underWayBytes + next.bytes() > PeerLimits.STAGING_WINDOW_BYTES)) {
                return;
            }
            waiting.remove();
            waitingBytes -= next.bytes();
            underWay.put(++lastTicket, next);
            underWayBytes += next.bytes();
            requests.onNext(message(lastTicket, next));
        }
    }

    private StageChunksRequest message(long ticket, Sending sending) {
        var key = sending.chunk().key();
        var chunk = sending.chunk().chunk();
        var message = StageChunksRequest.newBuilder()
                .setClusterId(cluster.clusterId())
                .setTicket(ticket)
                .setShard(sending.shard().value())
                .setEpoch(sending.epoch())
                .setUser(key.user().value())
                .setUploadId(Wire.bytes(key.upload()))
                .setIndex(key.index())
                .setData(chunk.data())
                .setCrc32C(chunk.crc());
        if (chunk.sealed()) {
            message.setSealedCrc32C(chunk.plainCrc());
        }
        return message.build();
    }

    private Stream open() {
        var opened = new Stream();
        stream = opened; // noted first: a call may fail before it returns
        var unused = cluster.to(to, Lane.BULK).stageChunks(opened);
        return opened;
    }

    private void answered(StageChunksResponse response) {
        Sending sending;
        synchronized (this) {
            sending = underWay.remove(response.getTicket());
            if (sending != null) {
                underWayBytes -= sending.bytes();
            }
        }
        if (sending != null && response.hasRefuse()) {
            cluster.metrics().refusedByPeer(response.getRefuse().getReason());
            sending.done()
                    .completeExceptionally(new TintypeException(
                            Reason.UNAVAILABLE,
                            "node " + to + " did not take a chunk: "
                                    + response.getRefuse().getDetail()));
        } else if (sending != null) {
            sending.done().complete(null);
        }
        pump();
    }

    /** The stream is over: whatever was on it or waits for it fails, and the next chunk opens another. */
    private void fail(@Nullable Stream failed, Throwable cause) {
        var abandoned = new ArrayList<Sending>();
        synchronized (this) {
            if (stream != failed) {
                return;
            }
            stream = null;
            abandoned.addAll(underWay.values());
            abandoned.addAll(waiting);
            underWay.clear();
            waiting.clear();
            underWayBytes = 0;
            waitingBytes = 0;
        }
        abandoned.forEach(sending -> sending.done().completeExceptionally(cause));
    }

    private final class Stream implements ClientResponseObserver<StageChunksRequest, StageChunksResponse> {
        private volatile @Nullable ClientCallStreamObserver<StageChunksRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<StageChunksRequest> observer) {
            requests = observer;
            observer.setOnReadyHandler(StageSender.this::pump);
        }

        @Override
        public void onNext(StageChunksResponse response) {
            answered(response);
        }

        @Override
        public void onError(Throwable failure) {
            fail(this, failure);
        }

        @Override
        public void onCompleted() {
            fail(
                    this,
                    Status.UNAVAILABLE
                            .withDescription("node " + to + " ended the stream of chunks")
                            .asRuntimeException());
        }
    }
}
