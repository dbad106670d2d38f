// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.netty.shaded.io.netty.channel.ConnectTimeoutException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.ReplicateRequest;
import io.tintype.proto.internal.v1.ReplicateResponse;
import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.shard.PrimaryLink;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A follower's end of a replication stream, as the caller. Takes one message at a time: the next one is asked for when
 * the shard has taken the last. Thread-safe.
 */
final class PrimaryCall implements PrimaryLink, ClientResponseObserver<ReplicateRequest, ReplicateResponse> {
    private static final Logger log = LoggerFactory.getLogger(PrimaryCall.class);

    private final PeerCluster cluster;
    private final ShardId shard;
    private final NodeId primary;
    private final Hello hello;
    private final Events events;
    private final PeerMetrics metrics;
    private @Nullable ClientCallStreamObserver<ReplicateRequest> requests;
    private boolean over;

    PrimaryCall(PeerCluster cluster, ShardId shard, NodeId primary, Hello hello, Events events) {
        this.cluster = cluster;
        this.metrics = cluster.metrics();
        this.shard = shard;
        this.primary = primary;
        this.hello = hello;
        this.events = events;
    }

    /** Says hello; called once the call has begun. */
    void begin() {
        send(ReplicateRequest.newBuilder()
                .setHello(PeerCodec.hello(cluster.clusterId(), shard, hello))
                .build());
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ReplicateRequest> stream) {
        synchronized (this) {
            requests = stream;
        }
        stream.disableAutoRequestWithInitial(1);
    }

    // ---- from the shard

    @Override
    public void ack(Ack ack) {
        send(ReplicateRequest.newBuilder().setAcknowledge(PeerCodec.ack(ack)).build());
    }

    @Override
    public void refuse(Refusal refusal) {
        var refuse = PeerCodec.refuse(refusal);
        metrics.refused(refuse.getReason());
        refuse(refuse);
    }

    @Override
    public void stalled() {
        cluster.renew(primary, PeerCluster.Lane.LOG);
    }

    @Override
    public synchronized void close() {
        if (!over && requests != null) {
            over = true;
            requests.cancel("the follower closed the stream", null);
        }
        over = true;
    }

    private synchronized void send(ReplicateRequest message) {
        if (!over && requests != null) {
            requests.onNext(message);
        }
    }

    private synchronized void refuse(Refuse refuse) {
        if (!over && requests != null) {
            over = true;
            requests.onNext(ReplicateRequest.newBuilder().setRefuse(refuse).build());
            requests.onCompleted();
        }
    }

    private synchronized void next() {
        if (!over && requests != null) {
            requests.request(1);
        }
    }

    /** The first to end the stream tells the shard. */
    private synchronized boolean end() {
        boolean wasOver = over;
        over = true;
        return !wasOver;
    }

    // ---- from the primary

    @Override
    public void onNext(ReplicateResponse message) {
        try {
            switch (message.getKindCase()) {
                case APPEND ->
                    events.received(BatchCodec.decode(message.getAppend(), this::next)
                            .with(BatchCodec.traces(message.getAppend(), cluster.tracing())));
                case ATTACH -> {
                    events.attached(PeerCodec.attach(message.getAttach()));
                    next();
                }
                case REFUSE -> refused(message.getRefuse());
                case KIND_NOT_SET -> throw new IllegalArgumentException("a message of no kind that is known here");
            }
        } catch (IllegalArgumentException e) {
            log.warn("shard {}: refusing what its primary {} sent: {}", shard, primary, e.getMessage());
            metrics.refused(RefuseReason.REFUSE_REASON_MALFORMED);
            refuse(Refuse.newBuilder()
                    .setReason(RefuseReason.REFUSE_REASON_MALFORMED)
                    .setDetail(String.valueOf(e.getMessage()))
                    .build());
            events.lost(false);
        }
    }

    private void refused(Refuse refuse) {
        if (!end()) {
            return;
        }
        metrics.refusedByPeer(refuse.getReason());
        var refusal = PeerCodec.refusal(refuse);
        if (refusal.isPresent()) {
            events.refused(refusal.get());
        } else {
            log.warn("shard {}: node {} refused to replicate to us: {}", shard, primary, refuse.getDetail());
            events.lost(false);
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (end()) {
            log.debug("shard {}: the stream from its primary {} broke", shard, primary, failure);
            Unreadable.count(failure, metrics);
            events.lost(isRefused(failure));
        }
    }

    /** Whether nothing listens where the node did: not that it did not answer in time. */
    private static boolean isRefused(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return !(cause instanceof ConnectTimeoutException);
            }
        }
        return false;
    }

    @Override
    public void onCompleted() {
        if (end()) {
            events.lost(false);
        }
    }
}
